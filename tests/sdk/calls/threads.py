"""Methods of `client.threads`."""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import ConflictError, NotFoundError

from tests.sdk.calls.registry import calls
from tests.sdk.thread_stream import thread_stream


async def finished(client: Any) -> str:
    """A thread with five checkpoints."""
    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "approval", input={"mode": "none"})
    return str(thread["thread_id"])


async def paused(client: Any) -> tuple[str, str]:
    """A thread that waits for an answer, and the interrupt's id."""
    thread = await client.threads.create()
    answer = await client.runs.wait(thread["thread_id"], "approval", input={"request": "pay"})
    return str(thread["thread_id"]), str(answer["__interrupt__"][0]["id"])


@calls("threads.create")
async def create(client: Any) -> None:
    wanted = str(uuid4())
    row = await client.threads.create(thread_id=wanted, metadata={"a": 1}, graph_id="approval")
    assert (row["thread_id"], row["status"], row["metadata"]) == (wanted, "idle", {"a": 1, "graph_id": "approval"})
    assert await client.threads.create(thread_id=wanted, if_exists="do_nothing") == row
    with pytest.raises(ConflictError):
        await client.threads.create(thread_id=wanted)
    steps = [{"updates": [{"values": {"tick": 1}, "as_node": "__input__"}]}, {"updates": [{"values": {"tick": 2}, "as_node": "work"}]}]
    made = await client.threads.create(graph_id="slow", supersteps=steps)
    assert (made["values"], made["status"]) == ({"tick": 2}, "interrupted")


@calls("threads.get")
async def get(client: Any) -> None:
    row = await client.threads.create(metadata={"a": 1})
    assert await client.threads.get(row["thread_id"]) == row
    assert (await client.threads.get(row["thread_id"], include=["ttl"]))["thread_id"] == row["thread_id"]


@calls("threads.update")
async def update(client: Any) -> None:
    row = await client.threads.create(metadata={"a": 1})
    assert (await client.threads.update(row["thread_id"], metadata={"b": 2}))["metadata"] == {"a": 1, "b": 2}
    assert await client.threads.update(row["thread_id"], metadata={"c": 3}, return_minimal=True) is None
    assert (await client.threads.get(row["thread_id"]))["metadata"] == {"a": 1, "b": 2, "c": 3}


@calls("threads.delete")
async def delete(client: Any) -> None:
    thread = await finished(client)
    await client.threads.delete(thread)
    with pytest.raises(NotFoundError):
        await client.threads.get(thread)


@calls("threads.search")
async def search(client: Any) -> None:
    made = [(await client.threads.create(metadata={"mine": True, "n": n}))["thread_id"] for n in range(3)]
    found = await client.threads.search(metadata={"mine": True}, sort_by="created_at", sort_order="asc", select=["thread_id"])
    assert found == [{"thread_id": thread} for thread in made]
    assert [row["thread_id"] for row in await client.threads.search(ids=made[:1])] == made[:1]
    assert len(await client.threads.search(metadata={"mine": True}, limit=2, offset=2)) == 1
    assert await client.threads.search(metadata={"mine": True}, status="busy") == []


@calls("threads.count")
async def count(client: Any) -> None:
    await client.threads.create(metadata={"mine": True})
    assert await client.threads.count(metadata={"mine": True}, status="idle") == 1


@calls("threads.copy")
async def copy(client: Any) -> None:
    thread, interrupt = await paused(client)
    await client.threads.copy(thread)  # the client returns nothing in its types, the row on the wire
    others = [row["thread_id"] for row in await client.threads.search(status="interrupted") if row["thread_id"] != thread]
    assert [found["id"] for found in (await client.threads.get_state(others[0]))["interrupts"]] == [interrupt]
    for each in (*others, thread):
        assert (await client.runs.wait(each, "approval", command={"resume": {interrupt: "yes"}}))["done"]


@calls("threads.prune")
async def prune(client: Any) -> None:
    gone, kept = await finished(client), await finished(client)
    assert await client.threads.prune([gone]) == {"pruned_count": 1}
    with pytest.raises(NotFoundError):
        await client.threads.get(gone)
    assert await client.threads.prune([kept], strategy="keep_latest") == {"pruned_count": 1}
    assert [state["next"] for state in await client.threads.get_history(kept)] == [[]]


@calls("threads.get_state")
async def get_state(client: Any) -> None:
    thread, interrupt = await paused(client)
    state = await client.threads.get_state(thread, subgraphs=True)
    assert (state["next"], [found["id"] for found in state["interrupts"]]) == (["ask"], [interrupt])
    for options in ({"checkpoint": state["checkpoint"]}, {"checkpoint_id": state["checkpoint"]["checkpoint_id"]}):
        assert (await client.threads.get_state(thread, **options))["values"] == state["values"]
    assert await client.threads.get_state(thread, select=["next"]) == {"next": ["ask"]}


@calls("threads.update_state")
async def update_state(client: Any) -> None:
    thread, _ = await paused(client)
    written = await client.threads.update_state(thread, {"answers": ["edited"]}, as_node="ask")
    state = await client.threads.get_state(thread)
    assert (state["checkpoint"]["checkpoint_id"], state["next"]) == (written["checkpoint"]["checkpoint_id"], ["act"])
    assert (await client.runs.wait(thread, "approval", input=None))["answers"] == ["planned", "edited", "acted"]


@calls("threads.get_history")
async def get_history(client: Any) -> None:
    thread = await finished(client)
    history = await client.threads.get_history(thread)
    assert [state["next"] for state in history] == [[], ["act"], ["ask"], ["plan"], ["__start__"]]
    for before in (history[2]["checkpoint"]["checkpoint_id"], history[2]["checkpoint"], {"configurable": history[2]["checkpoint"]}):
        assert await client.threads.get_history(thread, before=before) == history[3:]
    assert await client.threads.get_history(thread, limit=1, metadata={"step": 1}) == history[2:3]
    assert await client.threads.get_history(thread, checkpoint={"checkpoint_id": history[1]["checkpoint"]["checkpoint_id"]}) == history[1:2]


@calls("threads.join_stream")
async def join_stream(client: Any) -> None:
    thread = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread, "slow", input={"seconds": 0, "steps": 1}, stream_resumable=True, stream_mode=["values"])
    await client.runs.join(thread, run["run_id"])
    seen = []
    async for part in await thread_stream(client, thread, last_event_id="-", stream_mode="run_modes"):
        seen.append(part)
        if part.event == "metadata" and part.data.get("status") == "run_done":
            break
    assert [part.event for part in seen] == ["metadata", "values", "values", "metadata"]
    assert seen[0].data["run_id"] == seen[-1].data["run_id"] == run["run_id"]
    assert all(part.id for part in seen)
