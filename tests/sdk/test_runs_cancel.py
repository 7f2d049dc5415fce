"""runs.cancel"""

from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from langgraph_sdk.errors import NotFoundError
from redis.asyncio import Redis

from runs.streams import keys
from tests.builders import Person


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


async def test_cancel_that_waits_answers_when_the_worker_has_stopped(client: Any, live: str, owner: Person, thread: str) -> None:
    run_id = await started(client, thread)
    path = f"/threads/{thread}/runs/{run_id}"
    async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=30) as http:
        answer = await http.post(f"{path}/cancel?wait=yes")
    assert (answer.status_code, answer.json(), answer.headers["location"]) == (200, {}, f"{path}/join")
    assert answer.elapsed.total_seconds() < 10, "it did not wait for the longest time there is"
    async with Redis.from_url(settings.REDIS_URL) as redis:
        assert await redis.exists(keys.stopped(UUID(run_id)))


async def test_many_are_cancelled_by_id_and_by_status(client: Any, thread: str) -> None:
    runs = [await client.runs.create(thread, "slow", input={"seconds": 30}) for _ in range(4)]
    ids = [run["run_id"] for run in runs]
    await client.runs.cancel_many(thread_id=thread, run_ids=ids[2:])
    await client.runs.cancel_many(status="all", action="rollback")
    assert [(run["run_id"], run["status"]) for run in await client.runs.list(thread)] == [(ids[3], "interrupted"), (ids[2], "interrupted")]
    with pytest.raises(NotFoundError):
        await client.runs.cancel_many(status="all")
