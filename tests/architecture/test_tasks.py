"""Names of Celery tasks: who sends one and who runs it agree without importing each other"""

import ast

from runs.lifecycle import queue
from tests.architecture.sources import ROOT, python_files, tree

TASK = "runs."


def registered() -> set[str]:
    """Names given to `shared_task`."""
    found = set()
    for file in python_files("runs/tasks"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "shared_task":
                found |= {str(keyword.value.value) for keyword in node.keywords if isinstance(keyword.value, ast.Constant)}
    return found


def scheduled() -> set[str]:
    """Names in the periodic schedule."""
    nodes = ast.walk(ast.parse((ROOT / "config" / "celery.py").read_text()))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text.startswith(TASK) and not text.startswith("runs.tasks")}


def test_what_is_sent_exists() -> None:
    assert set(queue.TASKS.values()) | scheduled() == registered()


def test_wake_up_is_a_task_of_its_own() -> None:
    assert queue.TASKS == {"runs": "runs.wake"}
    assert "runs.wake" not in scheduled()
