"""Names and words"""

import ast

from tests.architecture.sources import APPS, ROOT, name, python_files

JUNK_DRAWERS = {"utils", "helpers", "common", "misc", "core", "util", "helper", "lib", "base"}
TEXTS = {".py", ".md", ".toml", ".yml", ".yaml", ".html", ".sql", ".json", ".example", ".txt", ""}
SKIPPED = {".git", ".uv", ".venv", ".holdfast", "node_modules", "__pycache__"}


def test_no_module_is_a_junk_drawer() -> None:
    files = [file for file in python_files(*APPS, "tests", "examples") if "database/backend" not in name(file)]
    assert [name(file) for file in files if file.stem in JUNK_DRAWERS or file.parent.name in JUNK_DRAWERS] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    places = ["/" + folder + "/" for folder in ("work", "home/user", "Users")]
    found = []
    for file in ROOT.rglob("*"):
        parts = file.relative_to(ROOT).parts
        if file.suffix not in TEXTS or not file.is_file() or SKIPPED & set(parts) or parts[0].endswith("_cache"):
            continue
        text = file.read_text(errors="ignore")
        found += [f"{file.relative_to(ROOT)}: {place}" for place in places if place in text]
    assert found == []


def test_no_code_asks_whether_it_is_tested() -> None:
    words = ("pytest", "unittest", "under_test", "TESTING")
    assert [name(file) for file in python_files(*APPS) if any(word in file.read_text() for word in words)] == []


def test_no_module_state_is_changed_by_functions() -> None:
    changed = [
        f"{name(file)}:{node.lineno}"
        for file in python_files(*APPS)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Global)
    ]
    assert changed == []
