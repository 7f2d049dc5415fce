"""threads.get_history"""

from itertools import pairwise
from typing import Any

import pytest


@pytest.fixture
async def finished(client: Any, thread: str) -> str:
    """A thread with five checkpoints."""
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    return thread


async def test_newest_comes_first(client: Any, finished: str) -> None:
    history = await client.threads.get_history(finished)
    assert [state["next"] for state in history] == [[], ["act"], ["ask"], ["plan"], ["__start__"]]
    assert [state["metadata"]["step"] for state in history] == [3, 2, 1, 0, -1]


async def test_parents_chain(client: Any, finished: str) -> None:
    history = await client.threads.get_history(finished)
    for state, parent in pairwise(history):
        assert state["parent_checkpoint"]["checkpoint_id"] == parent["checkpoint"]["checkpoint_id"]
    assert history[-1]["parent_checkpoint"] is None


async def test_before_is_exclusive_in_each_spelling(client: Any, finished: str) -> None:
    history = await client.threads.get_history(finished)
    checkpoint = history[1]["checkpoint"]
    rest = [state["checkpoint"]["checkpoint_id"] for state in history[2:]]
    for before in (checkpoint["checkpoint_id"], checkpoint, {"configurable": checkpoint}):
        found = await client.threads.get_history(finished, before=before)
        assert [state["checkpoint"]["checkpoint_id"] for state in found] == rest


async def test_limit_and_metadata(client: Any, finished: str) -> None:
    assert len(await client.threads.get_history(finished, limit=2)) == 2
    assert [state["next"] for state in await client.threads.get_history(finished, metadata={"step": 1})] == [["ask"]]
    assert [state["next"] for state in await client.threads.get_history(finished, metadata={"source": "input"})] == [["__start__"]]


async def test_one_checkpoint(client: Any, finished: str) -> None:
    wanted = (await client.threads.get_history(finished))[2]["checkpoint"]
    found = await client.threads.get_history(finished, checkpoint={"checkpoint_id": wanted["checkpoint_id"]})
    assert [state["checkpoint"]["checkpoint_id"] for state in found] == [wanted["checkpoint_id"]]


async def test_empty_thread_has_none(client: Any, thread: str) -> None:
    assert await client.threads.get_history(thread) == []


async def test_parts_of_a_state_are_selected(client: Any, finished: str) -> None:
    newest, *_ = await client.threads.get_history(finished)
    wanted = {"next": [], "values": {"answers": newest["values"]["answers"]}}
    select = ["next", "values.answers", "values.nothing"]
    assert (await client.threads.get_history(finished, select=select))[0] == wanted
    assert await client.threads.get_state(finished, select=select) == wanted
    assert await client.threads.get_state(finished, checkpoint=newest["checkpoint"], select=select) == wanted
    assert await client.threads.get_state(finished, checkpoint_id=newest["checkpoint_id"], select=["values"]) == {
        "values": newest["values"]
    }
