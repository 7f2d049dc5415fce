"""Chunks of a graph as frames."""

from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessageChunk

from runs.wire.modes import Chunks, graph_modes
from runs.wire.schema import STREAM_MODES

SECRETS = {"__pregel_send": 1, "langgraph_auth_user": {"identity": "u"}, "langgraph_auth_user_id": "u", "langgraph_auth_permissions": []}
CONFIG: dict[str, Any] = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c", **SECRETS}, "callbacks": object()}
CHECKPOINT: dict[str, Any] = {
    "config": CONFIG,
    "parent_config": None,
    "values": {"a": 1},
    "metadata": {"step": 0},
    "next": ["a"],
    "tasks": [
        {"id": "1", "name": "a", "interrupts": (), "state": {"configurable": {"thread_id": "t", "checkpoint_ns": "a:1"}}},
        {"id": "2", "name": "b", "interrupts": (), "state": None},
    ],
}


def only(mode: str, chunk: Any, *namespace: str, asked: tuple[str, ...] | None = None) -> tuple[str, Any]:
    """Name and data of the one frame of a chunk."""
    ((name, data),) = Chunks(asked or (mode,)).frames(namespace, mode, chunk)
    return name, orjson.loads(data)


def test_langgraph_is_asked_for_the_modes_it_knows() -> None:
    assert graph_modes(STREAM_MODES) == {"values", "updates", "messages", "tasks", "checkpoints", "debug", "custom"}
    assert graph_modes(["messages-tuple"]) == graph_modes(["messages"]) == {"messages"}


@pytest.mark.parametrize("mode", ["values", "updates", "custom", "tasks"])
def test_the_namespace_is_part_of_the_name(mode: str) -> None:
    assert only(mode, {"a": 1}) == (mode, {"a": 1})
    assert only(mode, {"a": 1}, "middle:1", "inner:2") == (f"{mode}|middle:1|inner:2", {"a": 1})


def test_messages_are_shown_without_a_namespace_and_tuples_with_it() -> None:
    token = (AIMessageChunk(content="a", id="m"), {"langgraph_node": "n"})
    frames = Chunks(["messages"]).frames(("middle:1",), "messages", token)
    assert [name for name, _ in frames] == ["messages/metadata", "messages/partial"]
    for asked in (["messages-tuple"], ["messages", "messages-tuple"]):
        assert [name for name, _ in Chunks(asked).frames(("middle:1",), "messages", token)] == ["messages|middle:1"]


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "events"])
def test_a_mode_that_was_not_asked_for_gives_nothing(mode: str) -> None:
    assert not Chunks(["custom"]).frames((), mode, {"a": 1})


@pytest.mark.parametrize("mode", ["checkpoints", "debug", "tasks", "events", "messages"])
def test_what_is_the_servers_own_is_not_shown(mode: str) -> None:
    message = AIMessageChunk(content="a", id="m")
    chunks: dict[str, Any] = {
        "checkpoints": CHECKPOINT,
        "debug": {"step": 0, "type": "checkpoint", "payload": CHECKPOINT},
        "tasks": {"id": "1", "name": "a", "metadata": {"mine": 1, **SECRETS}},
        "events": {"event": "on_chain_start", "data": {}, "metadata": {"mine": 1, **SECRETS}},
        "messages": (message, {"mine": 1, **SECRETS}),
    }
    shown = orjson.dumps(only(mode, chunks[mode], asked=("messages-tuple",) if mode == "messages" else None)[1])
    assert b"langgraph_auth" not in shown
    assert b"__pregel" not in shown
    assert b"callbacks" not in shown


def test_a_checkpoint_of_debug_has_its_address_and_where_subgraphs_can_be_read() -> None:
    _, shown = only("debug", {"step": 0, "type": "checkpoint", "payload": CHECKPOINT})
    payload = shown["payload"]
    assert payload["checkpoint"] == {"checkpoint_id": "c", "thread_id": "t", "checkpoint_ns": ""}
    assert payload["parent_checkpoint"] is None
    assert payload["tasks"][0] == {"id": "1", "name": "a", "interrupts": [], "checkpoint": {"thread_id": "t", "checkpoint_ns": "a:1"}}
    assert payload["tasks"][1]["state"] is None
    assert only("checkpoints", CHECKPOINT)[1]["tasks"][0]["state"] == {"configurable": {"thread_id": "t", "checkpoint_ns": "a:1"}}


@pytest.mark.parametrize("mode", ["tasks", "debug", "events"])
def test_an_observed_error_is_masked(mode: str) -> None:
    class Secret(Exception):
        """Of a graph's author."""

    ended = {"id": "1", "name": "a", "error": Secret("password"), "result": {}, "interrupts": []}
    chunks: dict[str, Any] = {
        "tasks": ended,
        "debug": {"type": "task_result", "payload": ended},
        "events": {"event": "on_tool_error", "data": {"error": Secret("password")}, "metadata": {}},
    }
    shown = orjson.dumps(only(mode, chunks[mode])[1])
    assert b"password" not in shown
    assert b"An internal error occurred" in shown


def test_values_that_cannot_be_json_fail_where_they_are_the_result_and_are_null_where_they_are_observed() -> None:
    for mode in ("values", "updates", "custom"):
        with pytest.raises(TypeError):
            only(mode, {"big": 2**70})
    assert only("tasks", {"input": {"big": 2**70}})[1] == {"input": {"big": None}}


def test_metadata_of_calls_that_take_turns_is_not_confused() -> None:
    chunks = Chunks(["messages-tuple"])
    calls = [{"n": number} for number in range(200)]
    for _ in range(2):
        for call in calls:
            ((_, data),) = chunks.frames((), "messages", (AIMessageChunk(content="a", id="m"), call))
            assert orjson.loads(data)[1] == call
