"""Commands."""

from typing import Any

import pytest
from langgraph.types import Send

from runs.wire.commands import Command, command_of, ends


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


@pytest.mark.parametrize("as_pairs", [False, True], ids=["object", "pairs"])
def test_an_update_names_no_channel_of_langgraph(as_pairs: bool) -> None:
    given = {"__resume__": 1, "__pregel_tasks": 2, "branch:to:act": 3, "__root__": 4, "request": 5}
    command = Command.parse({"update": [[key, value] for key, value in given.items()] if as_pairs else given})
    assert command is not None
    assert command.update == ([["__root__", 4], ["request", 5]] if as_pairs else {"__root__": 4, "request": 5})


def test_an_update_of_nothing_else_says_nothing() -> None:
    assert Command.parse({"update": {"__resume__": "yes"}}) is None


@pytest.mark.parametrize(
    ("command", "end"),
    [
        ({"goto": "__end__"}, True),
        ({"goto": ["__end__"]}, True),
        ({"goto": "__end__", "update": {"a": 1}}, True),
        ({"goto": "__end__", "resume": {"i": 1}}, False),
        ({"goto": ["act", "__end__"]}, False),
        ({"goto": "act"}, False),
        (None, False),
    ],
)
def test_only_the_end_alone_drops_what_waits(command: Any, end: bool) -> None:
    assert ends({"command": command}) is end
