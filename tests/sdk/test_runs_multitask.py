"""multitask_strategy"""

from itertools import groupby
from typing import Any

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


async def test_interrupt_takes_the_place_of_the_running_run_and_of_those_that_wait(client: Any, thread: str) -> None:
    first, second = [await client.runs.create(thread, "slow", input={"seconds": 30}) for _ in range(2)]
    values = await client.runs.wait(thread, "slow", input={"seconds": 0, "steps": 1, "tag": "new"}, multitask_strategy="interrupt")
    assert values["tag"] == "new"
    runs = {run["run_id"]: (run["status"], run.get("cancel_reason")) for run in await client.runs.list(thread)}
    assert runs.pop(first["run_id"]) == runs.pop(second["run_id"]) == ("interrupted", "multitask_interrupt")
    assert list(runs.values()) == [("success", None)]
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_rollback_leaves_nothing_of_the_runs_before(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "slow", input={"seconds": 0, "steps": 1, "tag": "kept"})
    run = await client.runs.create(
        thread, "slow", input={"seconds": 0.05, "steps": 1000, "tag": "undone"}, stream_mode=["values", "custom"]
    )
    async for part in client.runs.join_stream(thread, run["run_id"]):
        if part.event == "values":
            break
    values = await client.runs.wait(thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0}, multitask_strategy="rollback")
    assert values == {"seconds": 0, "steps": 1, "tick": 1, "tag": "kept"}
    assert len(await client.runs.list(thread)) == 2
    states = await client.threads.get_history(thread, limit=100)
    assert run["run_id"] not in {state["metadata"].get("run_id") for state in states}


async def test_reader_of_a_pushed_aside_run_sees_its_end(client: Any, thread: str) -> None:
    stream = client.runs.stream(thread, "slow", input={"seconds": 30})
    seen = [(await anext(stream)).event]
    await client.runs.create(thread, "approval", input={"mode": "none"}, multitask_strategy="interrupt")
    seen += [part.event async for part in stream]
    assert set(seen) <= {"metadata", "values"}
