"""runs.stream: every mode, one at a time and together, with subgraphs and without."""

import re
from typing import Any

import pytest

from runs.wire.schema import STREAM_MODES


async def frames(client: Any, thread: str, graph: str, **options: Any) -> list[Any]:
    """All parts of a stream."""
    return [part async for part in client.runs.stream(thread, graph, **options)]


async def test_first_frame_names_the_run(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "approval", input={"mode": "none"})
    run = (await client.runs.list(thread))[0]
    assert (parts[0].event, parts[0].data) == ("metadata", {"run_id": run["run_id"], "attempt": 1})


async def test_values(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "approval", input={"mode": "none"}, stream_mode="values")
    assert {part.event for part in parts[1:]} == {"values"}
    assert [len(part.data.get("answers", [])) for part in parts[1:]] == [0, 1, 2, 3]


async def test_updates(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "approval", input={"mode": "none"}, stream_mode="updates")
    assert [part.data for part in parts[1:]] == [
        {"plan": {"answers": ["planned"]}},
        {"ask": {"answers": ["skipped"]}},
        {"act": {"done": True, "answers": ["acted"]}},
    ]


async def test_tokens(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "chat", input={"messages": "hello there"}, stream_mode="messages-tuple")
    assert {part.event for part in parts[1:]} == {"messages"}
    assert "".join(part.data[0]["content"] for part in parts[1:]) == "You said: hello there"
    assert {part.data[0]["type"] for part in parts[1:]} == {"AIMessageChunk"}
    assert parts[1].data[1]["langgraph_node"] == "agent"


async def test_messages_grow(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "chat", input={"messages": "hello there"}, stream_mode="messages")
    assert [part.event for part in parts[1:3]] == ["messages/metadata", "messages/partial"]
    partial = [part.data[0] for part in parts if part.event == "messages/partial"]
    assert [message["content"] for message in partial[:3]] == ["You", "You said:", "You said: hello"]
    (identity,) = {message["id"] for message in partial}
    assert parts[1].data[identity]["metadata"]["langgraph_node"] == "agent"
    assert partial[-1] == (await client.threads.get_state(thread))["values"]["messages"][-1]


async def test_a_message_that_did_not_stream_is_complete(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "chat", input={"messages": "weather in Oslo"}, stream_mode="messages")
    (complete,) = [part.data[0] for part in parts if part.event == "messages/complete"]
    assert (complete["type"], complete["content"]) == ("tool", "It is sunny in Oslo.")


async def test_of_both_message_modes_the_tuples_come(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "chat", input={"messages": "hello"}, stream_mode=["messages", "messages-tuple"])
    assert {part.event for part in parts} == {"metadata", "messages"}


async def test_tasks(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0}, stream_mode="tasks")
    started, ended = [part.data for part in parts[1:]]
    assert (started["name"], started["input"]["tick"], started["triggers"]) == ("work", 0, ["branch:to:work"])
    assert (ended["id"], ended["error"], ended["result"], ended["interrupts"]) == (started["id"], None, {"tick": 1}, [])


async def test_checkpoints(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0}, stream_mode="checkpoints")
    states = await client.threads.get_history(thread)
    shown = [part.data["config"]["configurable"]["checkpoint_id"] for part in parts[1:]]
    assert shown == [state["checkpoint_id"] for state in reversed(states)]
    assert [part.data["next"] for part in parts[1:]] == [["__start__"], ["work"], []]
    assert parts[-1].data["values"] == states[0]["values"]


async def test_debug_wraps_tasks_and_checkpoints(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0}, stream_mode="debug")
    assert [part.data["type"] for part in parts[1:]] == ["checkpoint", "checkpoint", "task", "task_result", "checkpoint"]
    assert [part.data["step"] for part in parts[1:]] == [-1, 0, 1, 1, 1]
    state = await client.threads.get_state(thread)
    assert parts[-1].data["payload"]["checkpoint"] == state["checkpoint"]


async def test_events(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "chat", input={"messages": "hello"}, stream_mode="events")
    run = (await client.runs.list(thread))[0]
    events = [part.data for part in parts[1:]]
    assert {part.event for part in parts[1:]} == {"events"}
    assert [events[0]["event"], events[-1]["event"]] == ["on_chain_start", "on_chain_end"]
    assert {events[0]["run_id"], events[-1]["run_id"]} == {run["run_id"]}
    tokens = [event["data"]["chunk"]["content"] for event in events if event["event"] == "on_chat_model_stream"]
    assert "".join(tokens) == "You said: hello"


async def test_events_and_other_modes_come_in_order_of_production(client: Any, thread: str) -> None:
    modes = ["values", "messages", "events"]
    parts = await frames(client, thread, "chat", input={"messages": "hello"}, stream_mode=modes)
    names = [part.event for part in parts]
    assert set(names) == {"metadata", "values", "messages/metadata", "messages/partial", "events"}
    assert not [
        part.data for part in parts if part.event == "events" and part.data["event"] == "on_chain_stream" and not part.data["parent_ids"]
    ]
    assert names[:3] == ["metadata", "events", "values"]
    assert names.index("messages/partial") > names.index("values")
    assert names[-2:] == ["values", "events"]
    assert [part.data["messages"][-1]["content"] for part in parts if part.event == "values"] == ["hello", "You said: hello"]


async def test_no_mode_is_the_default_one(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0}, stream_mode=[])
    assert {part.event for part in parts} == {"metadata", "values"}


async def test_all_modes_at_once(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=list(STREAM_MODES), stream_subgraphs=True)
    names = {part.event.partition("|")[0] for part in parts}
    assert names == {"metadata", "values", "updates", "messages", "tasks", "checkpoints", "debug", "custom", "events"}
    assert await client.runs.list(thread, status="success")


@pytest.mark.parametrize("mode", STREAM_MODES)
async def test_no_mode_shows_what_is_the_servers_own(client: Any, thread: str, mode: str) -> None:
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=mode, stream_subgraphs=True)
    assert len(parts) > 1
    assert not [key for part in parts for key in keys_of(part.data) if key.startswith(("__", "langgraph_auth"))]


def keys_of(value: Any) -> set[str]:
    """All keys at any depth."""
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys_of(item)}
    return {key for item in value for key in keys_of(item)} if isinstance(value, list) else set()


async def test_stream_parts_of_the_second_form(client: Any, thread: str) -> None:
    modes = ["values", "updates", "messages", "tasks"]
    options = {"input": {"text": "hi", "pause": True}, "stream_mode": modes, "stream_subgraphs": True, "version": "v2"}
    parts = await frames(client, thread, "nested", **options)
    assert {part["type"] for part in parts} == {"metadata", "values", "updates", "tasks"}
    inside = [part for part in parts if part["type"] == "values" and part["ns"]]
    assert inside[0]["ns"][0].startswith("middle:")
    shown = [(part["ns"][:1], part["interrupts"]) for part in parts if part["interrupts"]]
    assert [namespace == [] for namespace, _ in shown] == [False, True]
    assert shown[0][1] == shown[1][1]


async def test_custom(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 2}, stream_mode="custom")
    assert [part.data for part in parts[1:]] == [{"tick": 1, "phase": "start"}, {"tick": 2, "phase": "start"}]


async def test_several_modes_come_in_order_of_production(client: Any, thread: str) -> None:
    modes = ["values", "updates", "custom"]
    parts = await frames(client, thread, "slow", input={"seconds": 0, "steps": 1}, stream_mode=modes)
    assert [part.event for part in parts] == ["metadata", "values", "custom", "updates", "values"]


async def test_interrupt_is_shown(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "approval", input={"request": "r"}, stream_mode=["values", "updates"])
    shown = [part.event for part in parts if "__interrupt__" in part.data]
    assert sorted(shown) == ["updates", "values"]


async def test_error_is_the_last_frame(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "failing", input={"kind": "value"})
    assert (parts[-1].event, parts[-1].data) == ("error", {"error": "ValueError", "message": "boom"})


async def test_run_is_stored_before_its_stream_ends(client: Any, thread: str) -> None:
    for _ in range(5):
        await frames(client, thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0})
        assert (await client.runs.list(thread, limit=1))[0]["status"] == "success"
        assert (await client.threads.get(thread))["status"] == "idle"


@pytest.mark.parametrize("mode", ["updates", "values", "custom", "tasks", "checkpoints", "debug", "messages-tuple"])
async def test_subgraphs_have_their_path_in_the_name(client: Any, thread: str, mode: str) -> None:
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=mode, stream_subgraphs=True)
    inside = [part.event for part in parts if "|" in part.event]
    assert {name.partition("|")[0] for name in inside} == {"messages" if mode == "messages-tuple" else mode}
    assert re.fullmatch(r"[a-z]+\|middle:[0-9a-f-]{36}\|inner:[0-9a-f-]{36}", max(inside, key=len))


async def test_messages_of_subgraphs_have_no_path(client: Any, thread: str) -> None:
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode="messages", stream_subgraphs=True)
    assert {part.event for part in parts} == {"metadata", "messages/metadata", "messages/partial"}


async def test_subgraphs_are_silent_unless_asked_for(client: Any, thread: str) -> None:
    for modes in (["updates", "values", "custom", "messages-tuple", "tasks", "checkpoints", "debug"], ["updates", "messages"]):
        parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=modes)
        assert {part.event for part in parts} <= {"metadata", *modes} - {"custom", "messages", "messages-tuple"}
        assert "inner" not in {part.data.get("name") for part in parts}
