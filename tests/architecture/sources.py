"""The sources that rules speak about."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "tenants", "assistants", "runs")
FOREIGN = ("tests/graphs", "bench")


@cache
def python_files(*folders: str) -> list[Path]:
    """All Python files of these folders, without what was taken over as it is."""
    found = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return sorted(file for file in found if not name(file).startswith(FOREIGN))


@cache
def tree(file: Path) -> ast.Module:
    """Its syntax tree."""
    return ast.parse(file.read_text())


def name(file: Path) -> str:
    """Its path from the root of the repository."""
    return file.relative_to(ROOT).as_posix()


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Its functions and methods."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_migration(file: Path) -> bool:
    """Whether Django made it."""
    return file.parent.name == "migrations"
