"""multitask_strategy: enqueue and reject"""

from itertools import groupby
from typing import Any

import pytest

from tests.sdk.refusals import refused


async def test_runs_wait_for_each_other_in_order(client: Any, thread: str) -> None:
    runs = [await client.runs.create(thread, "slow", input={"seconds": 0.1, "steps": 1, "tick": 0, "tag": str(n)}) for n in range(4)]
    assert (await client.threads.get(thread))["status"] == "busy"
    for run in runs:
        await client.runs.join(thread, run["run_id"])
    loops = await client.threads.get_history(thread, limit=100, metadata={"source": "loop"})
    assert [tag for tag, _ in groupby(state["values"]["tag"] for state in loops)] == ["3", "2", "1", "0"]


async def test_second_run_is_rejected_on_each_route(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 30})
    options = {"input": {}, "multitask_strategy": "reject"}
    for call in (client.runs.create, client.runs.wait):
        with refused(409, "already running"):
            await call(thread, "slow", **options)
    with refused(409, "already running"):
        await anext(client.runs.stream(thread, "slow", **options))
    await client.runs.cancel(thread, run["run_id"])


async def test_reject_accepts_on_a_free_thread(client: Any, thread: str) -> None:
    assert (await client.runs.wait(thread, "approval", input={"mode": "none"}, multitask_strategy="reject"))["done"]


@pytest.mark.parametrize("strategy", ["interrupt", "rollback"])
async def test_what_is_not_built_is_refused(client: Any, thread: str, strategy: str) -> None:
    with refused(422, "is not supported yet"):
        await client.runs.create(thread, "approval", input={}, multitask_strategy=strategy)
