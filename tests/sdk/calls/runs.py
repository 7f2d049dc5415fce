"""Methods of `client.runs`."""

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError

from tests.sdk.calls.registry import calls

LONG = {"seconds": 1, "steps": 100}
SHORT = {"seconds": 0, "steps": 1}


async def thread_of(client: Any) -> str:
    """The id of a new thread."""
    return str((await client.threads.create())["thread_id"])


@calls("runs.create")
async def create(client: Any) -> None:
    thread, told = await thread_of(client), list[Any]()
    run = await client.runs.create(thread, "slow", input=SHORT, metadata={"a": 1}, on_run_created=told.append)
    assert (run["thread_id"], run["metadata"]["a"]) == (thread, 1)
    assert told == [{"run_id": run["run_id"], "thread_id": thread}]
    hidden = await client.runs.create(None, "slow", input=SHORT)
    assert hidden["thread_id"] != thread
    assert (await client.runs.join(thread, run["run_id"]))["tick"] == 1


@calls("runs.create_batch")
async def create_batch(client: Any) -> None:
    runs = await client.runs.create_batch([{"assistant_id": "slow", "input": SHORT}, {"assistant_id": "approval", "input": {}}])
    assert len({run["run_id"] for run in runs}) == 2
    assert [run["kwargs"]["input"] for run in runs] == [SHORT, {}]


@calls("runs.wait")
async def wait(client: Any) -> None:
    thread, told = await thread_of(client), list[Any]()
    values = await client.runs.wait(thread, "slow", input=SHORT, on_run_created=told.append)
    assert (values["tick"], told[0]["thread_id"]) == (1, thread)
    assert (await client.runs.wait(None, "slow", input=SHORT))["tick"] == 1
    with pytest.raises(Exception, match="ValueError: bad"):
        await client.runs.wait(thread, "failing", input={"kind": "value", "message": "bad"})
    failed = await client.runs.wait(thread, "failing", input={"kind": "value", "message": "bad"}, raise_error=False)
    assert failed["__error__"]["error"] == "ValueError"


@calls("runs.stream")
async def stream(client: Any) -> None:
    thread, told = await thread_of(client), list[Any]()
    parts = [
        part
        async for part in client.runs.stream(
            thread, "slow", input=SHORT, stream_mode=["values", "updates"], stream_resumable=True, on_run_created=told.append
        )
    ]
    assert [part.event for part in parts] == ["metadata", "values", "updates", "values"]
    assert (parts[0].data["run_id"], parts[-1].data["tick"]) == (told[0]["run_id"], 1)
    assert [part.event async for part in client.runs.stream(None, "slow", input=SHORT)] == ["metadata", "values", "values"]


@calls("runs.join")
async def join(client: Any) -> None:
    thread = await thread_of(client)
    run = await client.runs.create(thread, "slow", input=SHORT)
    assert (await client.runs.join(thread, run["run_id"]))["tick"] == 1


@calls("runs.join_stream")
async def join_stream(client: Any) -> None:
    thread = await thread_of(client)
    run = await client.runs.create(thread, "slow", input=SHORT, stream_mode=["values", "custom"], stream_resumable=True)
    await client.runs.join(thread, run["run_id"])

    async def events(**options: Any) -> list[str]:
        return [part.event async for part in client.runs.join_stream(thread, run["run_id"], **options)]

    assert await events(last_event_id="-1") == ["metadata", "values", "custom", "values"]
    assert await events(last_event_id="0", stream_mode=["custom"]) == ["custom"]


@calls("runs.list")
async def list_(client: Any) -> None:
    thread = await thread_of(client)
    runs = [await client.runs.create(thread, "slow", input=SHORT) for _ in range(3)]
    await client.runs.join(thread, runs[-1]["run_id"])
    page = await client.runs.list(thread, limit=2, offset=1, status="success", select=["run_id", "status"])
    assert page == [{"run_id": run["run_id"], "status": "success"} for run in runs[1::-1]]


@calls("runs.get")
async def get(client: Any) -> None:
    thread = await thread_of(client)
    run = await client.runs.create(thread, "slow", input=SHORT)
    assert (await client.runs.get(thread, run["run_id"]))["assistant_id"] == run["assistant_id"]


@calls("runs.delete")
async def delete(client: Any) -> None:
    thread = await thread_of(client)
    run = await client.runs.create(thread, "slow", input=SHORT)
    await client.runs.join(thread, run["run_id"])
    await client.runs.delete(thread, run["run_id"])
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, run["run_id"])


@calls("runs.cancel")
async def cancel(client: Any) -> None:
    thread = await thread_of(client)
    run = await client.runs.create(thread, "slow", input=LONG)
    await client.runs.cancel(thread, run["run_id"], wait=True)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    again = await client.runs.create(thread, "slow", input=LONG)
    await client.runs.cancel(thread, again["run_id"], wait=True, action="rollback")
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, again["run_id"])


@calls("runs.cancel_many")
async def cancel_many(client: Any) -> None:
    thread = await thread_of(client)
    first, second, third = [(await client.runs.create(thread, "slow", input=LONG))["run_id"] for _ in range(3)]
    await client.runs.cancel_many(thread_id=thread, run_ids=[first, second])
    assert [(await client.runs.get(thread, run))["status"] for run in (first, second)] == ["interrupted", "interrupted"]
    await client.runs.cancel_many(status="all", action="rollback")
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, third)
