"""Every command and snippet of README.md works when it is pasted."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.embedded.block import Running, block
from tests import stack

pytestmark = pytest.mark.xdist_group("shipped")

README = (stack.ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def blocks(language: str) -> list[str]:
    """What stands in the fences of this language."""
    return [text for found, text in BLOCK.findall(README) if found == language]


def commands(*beginning: str) -> list[str]:
    """The lines of the shell blocks, continued ones joined; those that begin so, if asked for some."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line for line in lines if not beginning or line.startswith(beginning)]


def paste(command: str, shell: Mapping[str, str]) -> str:
    """What a shell answers."""
    pasted = subprocess.run(["sh", "-ec", command], cwd=stack.ROOT, env=shell, capture_output=True, text=True, timeout=60)
    assert pasted.returncode == 0, pasted.stderr
    return pasted.stdout


@pytest.fixture
def shell(visitor: dict[str, str]) -> dict[str, str]:
    """What a shell has after the two exports."""
    return {"PATH": os.environ["PATH"]} | visitor


def test_the_readme_has_no_command_that_nothing_here_tries() -> None:
    tried = commands("git clone ", "make ", "HOLDFAST_CONFIG=", "curl ", ".venv/bin/python ")
    assert commands() == tried
    assert {language for language, _ in BLOCK.findall(README)} == {"sh", "python"}


def test_the_clone_can_be_made_and_entered(tmp_path: Path) -> None:
    if not (stack.ROOT / ".git").exists():
        pytest.skip("this copy has no history to clone")
    (command,) = commands("git clone ")
    placed = command.replace("<address of this repository>", f"'{stack.ROOT}'")
    assert placed != command
    # Git distrusts a repository of another user, as in a container.
    trusting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    subprocess.run(["sh", "-ec", f"{placed} && test -f Makefile"], cwd=tmp_path, env=os.environ | trusting, check=True, timeout=60)


def test_its_make_targets_exist() -> None:
    existing = set(TARGET.findall((stack.ROOT / "Makefile").read_text()))
    wanted = {word for line in commands("make ", "HOLDFAST_CONFIG=") for word in shlex.split(line.partition("make ")[2]) if "=" not in word}
    assert wanted <= existing
    assert {"up", "check", "test"} <= wanted


def test_the_langgraph_json_it_names_exists() -> None:
    (command,) = commands("HOLDFAST_CONFIG=")
    assert (stack.ROOT / command.partition("=")[2].split()[0]).is_file()


def test_its_first_request_is_the_one_that_make_up_prints() -> None:
    nothing = Running(url="u", api_key="k", tenant="t", data="d", logs="l", database="b", redis="r")
    (request,) = [text for text in blocks("sh") if text.startswith("curl ")]
    assert request in block(nothing)
    for name in re.findall(r"\bLANGGRAPH_API_\w+", README):
        assert f"export {name}=" in block(nothing)


def test_its_curl_answers(shell: dict[str, str]) -> None:
    assert shutil.which("curl"), "the README needs curl"
    for command in commands("curl "):
        assert '"content":"hello"' in paste(command, shell)


def test_its_snippets_say_what_they_promise(shell: dict[str, str]) -> None:
    told = []
    for snippet in blocks("python"):
        done = subprocess.run([sys.executable, "-c", snippet], env=shell, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    streamed, decided = told
    assert streamed == "every| word| on| its| own||"
    assert decided.splitlines()[0] == "refund {'order_id': '1234', 'amount': 49.0}"
    assert "Approved: refunded 49.00 EUR" in decided


def test_its_script_runs(shell: dict[str, str]) -> None:
    (command,) = commands(".venv/bin/python examples/quickstart.py")
    assert "Resumed" in paste(command.replace(".venv/bin/python", f"'{sys.executable}'"), shell)
