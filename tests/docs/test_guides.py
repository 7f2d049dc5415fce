"""Every block of the guides runs as it is pasted, and prints what stands below it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import stack
from tests.docs.guides import ANYTHING, GUIDES, MARK, Block, blocks, fits, program, promised

pytestmark = pytest.mark.xdist_group("shipped")

INTERPRETERS = {"python": [sys.executable, "-"], "sh": ["bash", "-euo", "pipefail", "-s"]}
PROGRAMS = [(guide, language) for guide in GUIDES for language in INTERPRETERS if promised(guide, language)]


@pytest.mark.parametrize(("guide", "language"), PROGRAMS, ids=[f"{guide.stem}-{language}" for guide, language in PROGRAMS])
def test_its_blocks_print_what_it_says(guide: Path, language: str, visitor: dict[str, str]) -> None:
    command, text = INTERPRETERS[language], program(guide, language)
    done = subprocess.run(command, input=text, cwd=stack.ROOT, env=os.environ | visitor, capture_output=True, text=True, timeout=80)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    told = done.stdout.split(f"{MARK}\n")[:-1]
    for printed, output in zip(told, promised(guide, language), strict=True):
        assert fits(printed, output or ""), printed


def test_there_is_no_block_that_nothing_runs() -> None:
    languages = {block.language for guide in GUIDES for block in blocks(guide)}
    assert {"python", "sh"} <= languages <= INTERPRETERS.keys()


def test_an_output_that_differs_is_noticed() -> None:
    assert fits("a 1 b\nc\n", f"a {ANYTHING} b\nc\n")
    assert not fits("a 1 b\nd\n", f"a {ANYTHING} b\nc\n")
    assert not fits("a 1\nb\n", f"a {ANYTHING}\n")
    assert Block("sh", "", None).output is None
