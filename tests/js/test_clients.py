"""Both lines of the official JS client against a live server: every public method, and what applications do with them"""

import json
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.builders import make_person, make_tenant
from tests.js.node import FOLDER, commands, install

LINES = ("sdk-1", "sdk-2")
NOT_INSTALLED = "not installed"

Report = dict[str, dict[str, Any]]


def node(*arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of the script. Raises RuntimeError with its words if it fails."""
    command = [*commands()[0], "run.mjs", *arguments]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=80, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} failed:\n{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def listed(line: str) -> dict[str, Any] | str:
    """What a line of the client offers and what is checked of it, or why it cannot be had; asked for once per process."""
    try:
        install()
        return node(line, "list")[0]
    except (RuntimeError, OSError) as error:
        return str(error)


def offered(line: str) -> dict[str, Any]:
    """The same; fails the test if the client cannot be had."""
    found = listed(line)
    if isinstance(found, str):
        pytest.fail(found)
    return found


def checks(line: str) -> list[str]:
    """Names of the checks; a single one, which fails with the reason, where the client cannot be had."""
    found = listed(line)
    return [NOT_INSTALLED] if isinstance(found, str) else list(found["checks"])


@pytest.fixture(scope="session")
def report(live: str) -> Callable[[str], Report | str]:
    """What came of all checks of a line; they run once, as a developer of a tenant of their own."""

    @cache
    def run(line: str) -> Report | str:
        person = make_person(make_tenant())
        try:
            return {each["check"]: each for each in node(line, "run", live, person.key)}
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return str(error)

    return run


@pytest.mark.parametrize("line", LINES)
def test_each_method_has_a_check(line: str) -> None:
    assert set(offered(line)["methods"]) - set(offered(line)["checks"]) == set()


def test_each_check_has_a_method_in_one_of_the_lines() -> None:
    methods = {method for line in LINES for method in offered(line)["methods"]}
    assert set(offered(LINES[0])["all"]) - methods == set()


def test_both_lines_are_the_versions_that_are_promised() -> None:
    assert [offered(line)["version"] for line in LINES] == ["1.15.0", "2.0.0"]


@pytest.mark.parametrize(
    ("line", "check"),
    [pytest.param(line, check, marks=pytest.mark.xdist_group(line)) for line in LINES for check in checks(line)],
)
def test_check(report: Callable[[str], Report | str], line: str, check: str) -> None:
    offered(line)
    found = report(line)
    if isinstance(found, str):
        pytest.fail(found)
    assert found[check]["error"] is None, found[check]["error"]
