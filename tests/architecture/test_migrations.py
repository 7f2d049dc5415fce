"""Under FORCE a migration changes no row unless it says that it means all tenants"""

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import APPS, is_migration, name, python_files, tree

DML = re.compile(r"\b(insert\s+into|update\s+\w+\s+set|delete\s+from|merge\s+into|truncate)\b", re.IGNORECASE)
ALLOWED = "AcrossTenants"


def called(node: ast.AST) -> str:
    """The name of what is called."""
    function = node.func if isinstance(node, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def changes_rows(node: ast.AST) -> bool:
    """RunPython, or RunSQL with a statement that changes rows."""
    if called(node) == "RunPython":
        return True
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return called(node) == "RunSQL" and any(DML.search(text) for text in texts)


def offending(root: ast.AST) -> Iterator[int]:
    """Lines of row-changing operations that stand outside AcrossTenants."""
    for node in ast.iter_child_nodes(root):
        if called(node) == ALLOWED:
            continue
        if changes_rows(node):
            yield getattr(node, "lineno", 0)
        yield from offending(node)


def test_rows_are_changed_across_tenants_only_openly() -> None:
    files = [file for file in python_files(*APPS) if is_migration(file)]
    assert [f"{name(file)}:{line}" for file in files for line in offending(tree(file))] == []


def test_the_rule_sees_a_violation() -> None:
    assert list(offending(ast.parse("x = [migrations.RunPython(f)]"))) == [1]
    assert list(offending(ast.parse("x = [migrations.RunSQL('Update run set a = 1')]"))) == [1]
    assert list(offending(ast.parse("x = [AcrossTenants('run', migrations.RunSQL('update run set a = 1'))]"))) == []
    assert list(offending(ast.parse("x = [migrations.RunSQL('create index i on run (a)')]"))) == []


def test_indexes_of_tables_in_use_are_made_while_others_write() -> None:
    files = [file for file in python_files(*APPS) if is_migration(file) and not file.name.startswith("0001")]
    assert [name(file) for file in files if any(called(node) == "AddIndex" for node in ast.walk(tree(file)))] == []
