"""threads.update_state"""

from typing import Any

import pytest
from langgraph_sdk.errors import BadRequestError, ConflictError


async def test_update_is_applied_as_the_last_node(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    answer = await client.threads.update_state(thread, {"answers": ["edited"]})
    state = await client.threads.get_state(thread)
    assert state["values"]["answers"] == ["planned", "skipped", "acted", "edited"]
    assert state["checkpoint"]["checkpoint_id"] == answer["checkpoint"]["checkpoint_id"]
    assert state["metadata"]["source"] == "update"


async def test_update_as_a_node_goes_on_from_there(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "r"})
    await client.threads.update_state(thread, {"answers": ["decided elsewhere"]}, as_node="ask")
    state = await client.threads.get_state(thread)
    assert (state["next"], state["interrupts"]) == (["act"], [])
    done = await client.runs.wait(thread, "approval", input=None)
    assert done["answers"] == ["planned", "decided elsewhere", "acted"]


async def test_update_at_a_checkpoint_forks(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    past = next(state for state in await client.threads.get_history(thread) if state["next"] == ["act"])
    await client.threads.update_state(thread, {"request": "other"}, checkpoint=past["checkpoint"])
    state = await client.threads.get_state(thread)
    assert state["values"] == {"mode": "none", "request": "other", "answers": ["planned", "skipped"]}
    assert state["parent_checkpoint"]["checkpoint_id"] == past["checkpoint"]["checkpoint_id"]


async def test_thread_row_follows(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "r"})
    await client.threads.update_state(thread, {"answers": ["skip"]}, as_node="ask")
    row = await client.threads.get(thread)
    assert (row["status"], row["interrupts"]) == ("interrupted", {})
    assert row["values"]["answers"] == ["planned", "skip"]


async def test_unknown_node_is_refused(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    with pytest.raises(BadRequestError, match="Node ghost does not exist"):
        await client.threads.update_state(thread, {}, as_node="ghost")


async def test_thread_without_a_graph_is_refused(client: Any, thread: str) -> None:
    with pytest.raises(BadRequestError):
        await client.threads.update_state(thread, {"a": 1})


async def test_busy_thread_is_refused(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 30})
    with pytest.raises(ConflictError):
        await client.threads.update_state(thread, {"tag": "x"}, as_node="work")
    await client.runs.cancel(thread, run["run_id"])
