"""runs.stream: modes values, updates, messages-tuple, custom"""

from typing import Any

import pytest


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


@pytest.mark.parametrize(("mode", "inside"), [("updates", "updates|middle:"), ("values", "values|middle:"), ("custom", "custom|middle:")])
async def test_subgraphs_have_their_path_in_the_name(client: Any, thread: str, mode: str, inside: str) -> None:
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=mode, stream_subgraphs=True)
    assert any(part.event.startswith(inside) for part in parts)


async def test_subgraphs_are_silent_unless_asked_for(client: Any, thread: str) -> None:
    modes = ["updates", "values", "custom", "messages-tuple"]
    parts = await frames(client, thread, "nested", input={"text": "hi"}, stream_mode=modes)
    assert {part.event for part in parts} == {"metadata", "updates", "values"}
