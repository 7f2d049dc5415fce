"""runs.create, get, list"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError


async def test_background_run_is_accepted_at_once(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "approval", input={"mode": "none"}, metadata={"a": 1})
    assert (run["status"], run["thread_id"], run["multitask_strategy"]) == ("pending", thread, "enqueue")
    assert run["metadata"]["a"] == 1
    assert run["kwargs"]["input"] == {"mode": "none"}
    await client.runs.join(thread, run["run_id"])
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "success"


async def test_callback_learns_the_ids(client: Any, thread: str) -> None:
    seen: list[dict[str, str]] = []
    run = await client.runs.create(thread, "approval", input={"mode": "none"}, on_run_created=seen.append)
    assert [(each["run_id"], each["thread_id"]) for each in seen] == [(run["run_id"], thread)]


async def test_runs_are_listed_newest_first(client: Any, thread: str) -> None:
    runs = [(await client.runs.create(thread, "approval", input={"mode": "none"}))["run_id"] for _ in range(3)]
    for run_id in runs:
        await client.runs.join(thread, run_id)
    assert [run["run_id"] for run in await client.runs.list(thread)] == runs[::-1]
    assert [run["run_id"] for run in await client.runs.list(thread, limit=1, offset=1)] == [runs[1]]
    assert await client.runs.list(thread, status="error") == []
    assert await client.runs.list(thread, limit=1, select=["run_id", "status"]) == [{"run_id": runs[2], "status": "success"}]


async def test_failed_run_says_so(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "failing", input={"kind": "value"})
    await client.runs.join(thread, run["run_id"])
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "error"
    row = await client.threads.get(thread)
    assert (row["status"], row["error"]) == ("error", {"error": "ValueError", "message": "boom"})


async def test_unknown_graph_is_refused(client: Any, thread: str) -> None:
    with pytest.raises(UnprocessableEntityError):
        await client.runs.create(thread, "ghost", input={})


async def test_unknown_assistant_or_thread_does_not_exist(client: Any, thread: str) -> None:
    with pytest.raises(NotFoundError):
        await client.runs.create(thread, str(uuid4()), input={})
    with pytest.raises(NotFoundError):
        await client.runs.create(str(uuid4()), "approval", input={})


async def test_unknown_run_does_not_exist(client: Any, thread: str) -> None:
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, str(uuid4()))
