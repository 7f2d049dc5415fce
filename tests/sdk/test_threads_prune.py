"""threads.prune"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError


async def test_threads_are_deleted_and_unknown_ones_skipped(client: Any) -> None:
    gone, kept = [(await client.threads.create())["thread_id"] for _ in range(2)]
    assert await client.threads.prune([gone, str(uuid4()), gone]) == {"pruned_count": 1}
    with pytest.raises(NotFoundError):
        await client.threads.get(gone)
    assert (await client.threads.get(kept))["thread_id"] == kept


async def test_the_latest_state_is_kept_and_goes_on(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "refund"})
    before = await client.threads.get(thread)
    assert await client.threads.prune([thread], strategy="keep_latest") == {"pruned_count": 1}
    assert await client.threads.get(thread) == before
    (state,) = await client.threads.get_history(thread)
    assert (state["next"], state["parent_checkpoint"], len(state["interrupts"])) == (["ask"], None, 1)
    done = await client.runs.wait(thread, "approval", command={"resume": "yes"})
    assert done["answers"] == ["planned", "yes", "acted"]


async def test_a_waiting_subgraph_goes_on_after_pruning(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "nested", input={"text": "hi", "pause": True})
    await client.threads.prune([thread], strategy="keep_latest")
    done = await client.runs.wait(thread, "nested", command={"resume": "yes"})
    assert "gate:yes" in done["trail"]


async def test_bad_ids_and_strategies_are_refused(client: Any, thread: str) -> None:
    with pytest.raises(UnprocessableEntityError, match="must be a UUID"):
        await client.threads.prune(["seven"])
    with pytest.raises(UnprocessableEntityError, match="is not one of"):
        await client.threads.prune([thread], strategy="bogus")
