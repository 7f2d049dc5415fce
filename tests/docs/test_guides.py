"""Every block of the guides runs as it is pasted, and prints what stands below it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import stack
from tests.docs.guides import ANYTHING, GUIDES, MARK, Block, blocks, fits, program, promised
from tests.js import node

pytestmark = pytest.mark.xdist_group("shipped")

LANGUAGES = ("python", "sh", "js")
PROGRAMS = [(guide, language) for guide in GUIDES for language in LANGUAGES if promised(guide, language)]


def run(text: str, language: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """What the program does in its interpreter; JS finds the client where the tests of the JS clients have installed it."""
    command, folder = {"python": [sys.executable, "-"], "sh": ["bash", "-euo", "pipefail", "-s"]}.get(language), stack.ROOT
    if command is None:
        node.install()
        command, folder = [*node.commands()[0], "--input-type=module", "-"], node.FOLDER
        text = text.replace('"@langchain/langgraph-sdk"', '"sdk-1"')
    return subprocess.run(command, input=text, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=80)


@pytest.mark.parametrize(("guide", "language"), PROGRAMS, ids=[f"{guide.stem}-{language}" for guide, language in PROGRAMS])
def test_its_blocks_print_what_it_says(guide: Path, language: str, visitor: dict[str, str]) -> None:
    done = run(program(guide, language), language, visitor)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    told = done.stdout.split(f"{MARK}\n")[:-1]
    for printed, output in zip(told, promised(guide, language), strict=True):
        assert fits(printed, output or ""), printed


def test_there_is_no_block_that_nothing_runs() -> None:
    languages = {block.language for guide in GUIDES for block in blocks(guide)}
    assert languages == set(LANGUAGES)


def test_an_output_that_differs_is_noticed() -> None:
    assert fits("a 1 b\nc\n", f"a {ANYTHING} b\nc\n")
    assert not fits("a 1 b\nd\n", f"a {ANYTHING} b\nc\n")
    assert not fits("a 1\nb\n", f"a {ANYTHING}\n")
    assert Block("sh", "", None).output is None
