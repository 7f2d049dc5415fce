"""runs.cancel"""

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError


async def started(client: Any, thread: str) -> str:
    """The id of a run that has finished a step and sleeps in its second one."""
    run = await client.runs.create(thread, "slow", input={"seconds": 1, "steps": 100}, stream_mode=["values", "custom"])
    async for part in client.runs.join_stream(thread, run["run_id"]):
        if part.event == "values" and part.data.get("tick"):
            break
    return str(run["run_id"])


async def test_running_run_is_stopped(client: Any, thread: str) -> None:
    run_id = await started(client, thread)
    await client.runs.cancel(thread, run_id, wait=True)
    assert (await client.runs.get(thread, run_id))["status"] == "interrupted"
    state = await client.threads.get_state(thread)
    assert state["values"]["tick"] >= 1
    assert state["next"] == ["work"]


async def test_status_is_set_at_once(client: Any, thread: str) -> None:
    run_id = await started(client, thread)
    await client.runs.cancel(thread, run_id)
    assert (await client.runs.get(thread, run_id))["status"] == "interrupted"
    row = await client.threads.get(thread)
    assert (row["status"], row["error"]["error"]) == ("interrupted", "UserInterrupt")


async def test_rollback_leaves_nothing(client: Any, thread: str) -> None:
    run_id = await started(client, thread)
    await client.runs.cancel(thread, run_id, wait=True, action="rollback")
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, run_id)
    assert (await client.threads.get_state(thread))["values"] == {}


async def test_waiting_run_never_starts(client: Any, thread: str) -> None:
    first = await started(client, thread)
    second = await client.runs.create(thread, "slow", input={"seconds": 0, "steps": 1, "tag": "second"})
    await client.runs.cancel(thread, second["run_id"])
    await client.runs.cancel(thread, first, wait=True)
    assert "tag" not in (await client.threads.get_state(thread))["values"]
    assert (await client.runs.get(thread, second["run_id"]))["status"] == "interrupted"


async def test_joiners_are_answered(client: Any, thread: str) -> None:
    run_id = await started(client, thread)
    stream = client.runs.join_stream(thread, run_id)
    await anext(stream)
    await client.runs.cancel(thread, run_id)
    async for part in stream:
        assert part.event in ("custom", "values", "error")


async def test_finished_run_cannot_be_cancelled(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    run = (await client.runs.list(thread))[0]
    with pytest.raises(NotFoundError):
        await client.runs.cancel(thread, run["run_id"])


async def test_cancelled_thread_can_go_on(client: Any, thread: str) -> None:
    run_id = await started(client, thread)
    await client.runs.cancel(thread, run_id, wait=True)
    answer = await client.runs.wait(thread, "slow", input={"seconds": 0, "steps": 1, "tick": 0})
    assert answer["tick"] == 1
