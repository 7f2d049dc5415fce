"""Commands."""

from typing import Any

import pytest
from langgraph.types import Send

from runs.wire.commands import Command, command_of


@pytest.mark.parametrize("body", [None, {}, {"resume": None}, {"goto": None, "update": None}, {"goto": []}, {"update": {}}])
def test_a_command_that_says_nothing_is_none(body: dict[str, Any] | None) -> None:
    assert Command.parse(body) is None


@pytest.mark.parametrize("resume", [0, False, "", {}, [], {"id": None}])
def test_any_json_but_null_is_an_answer(resume: Any) -> None:
    command = Command.parse({"resume": resume})
    assert command is not None
    assert command.resumes
    assert not command.steers


def test_update_and_goto_steer() -> None:
    for body in ({"update": {"a": 1}}, {"goto": "act"}):
        command = Command.parse(body)
        assert command is not None
        assert command.steers
        assert command.json() == body


def test_resume_and_update_go_together() -> None:
    command = command_of({"command": {"resume": {"i": 1}, "update": {"request": "changed"}}})
    assert command is not None
    assert (command.resume, command.update, command.goto) == ({"i": 1}, {"request": "changed"}, ())


def test_pairs_are_an_update() -> None:
    command = command_of({"command": {"update": [["request", "pair"], ["answers", ["p"]]]}})
    assert command is not None
    assert command.update == [("request", "pair"), ("answers", ["p"])]


@pytest.mark.parametrize(
    ("goto", "target"),
    [
        ("act", "act"),
        (["act"], ["act"]),
        ({"node": "act", "input": {"a": 1}}, Send("act", {"a": 1})),
        ([{"node": "ask", "input": 1}, {"node": "ask", "input": 2}], [Send("ask", 1), Send("ask", 2)]),
    ],
)
def test_goto_names_nodes_or_sends(goto: Any, target: Any) -> None:
    command = command_of({"command": {"goto": goto}})
    assert command is not None
    assert command.goto == target


def test_a_run_with_input_has_no_command() -> None:
    assert command_of({"command": None, "input": {}}) is None
