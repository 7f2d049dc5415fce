"""The scripts of examples/tour against a running server: each prints what a newcomer should see."""

import os
import subprocess
import sys

import pytest

from tenants.actors import Role
from tests import builders, stack
from tests.servers import Stack

pytestmark = pytest.mark.xdist_group("shipped")

TOUR = stack.ROOT / "examples" / "tour"
TOLD = {
    "versions": [
        "version 1: About tea: 3 texts of the library are about tea.",
        "version 2: About tea: 3 texts of the newspapers are about tea.",
        "back to version 1: About tea: 3 texts of the library are about tea.",
        "kept: [(2, ['newspapers']), (1, ['library'])]",
    ],
    "tenants": [
        "we find: 1",
        "they find: 0",
        "they ask for it: 404 Thread with ID <its id> not found",
        "they may even use the same id: None",
        "ours is untouched: ['a secret', 'a secret']",
    ],
    "double_texting": [
        "enqueue: runs ['success', 'success'], you: Tell me a long story about tea | echo: Tell me a long story about tea"
        " | you: Make it coffee | echo: Make it coffee",
        "reject: 409 Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
        "interrupt: runs ['interrupted', 'success'], you: Tell me a long story about tea | you: Make it coffee | echo: Make it coffee",
        "rollback: runs ['success'], you: Make it coffee | echo: Make it coffee",
    ],
    "memory": [
        "work: Added: write the report (by Friday). From now on: Always number my to-dos.",
        "personal: Added: water the plants.",
        "work, new thread: On your list: 1. write the report (by Friday).",
        "personal, new thread: On your list: water the plants.",
        "work, done: Done: write the report. Your list is empty.",
        "stored: personal/todos {'due': '', 'text': 'water the plants', 'status': 'open'}",
        "stored: work/instructions {'text': 'Always number my to-dos'}",
        "stored: work/todos {'due': 'Friday', 'text': 'write the report', 'status': 'done'}",
    ],
}


@pytest.mark.parametrize("script", sorted(TOUR.glob("*.py")), ids=lambda script: script.stem)
def test_a_script_prints_what_it_should(script: os.PathLike[str], shipped: Stack, visitor: dict[str, str]) -> None:
    name = os.path.basename(script).removesuffix(".py")
    with shipped.adopted():
        other = builders.key_of(builders.make_tenant(), Role.DEVELOPER)
    environment = os.environ | visitor | {"OTHER_API_KEY": other}
    told = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == TOLD[name]


@pytest.mark.parametrize("script", sorted(TOUR.glob("*.py")), ids=lambda script: script.stem)
def test_the_readme_names_every_script(script: os.PathLike[str]) -> None:
    assert f".venv/bin/python examples/tour/{os.path.basename(script)}" in (stack.ROOT / "README.md").read_text()
