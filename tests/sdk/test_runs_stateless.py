"""Runs without a thread"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError

from tests.sdk.refusals import refused


async def test_wait(client: Any) -> None:
    assert (await client.runs.wait(None, "approval", input={"mode": "none"}))["done"]


async def test_stream(client: Any) -> None:
    parts = [part async for part in client.runs.stream(None, "approval", input={"mode": "none"}, stream_mode="updates")]
    assert [part.event for part in parts] == ["metadata", "updates", "updates", "updates"]
    assert [next(iter(part.data)) for part in parts[1:]] == ["plan", "ask", "act"]


async def test_background(client: Any) -> None:
    run = await client.runs.create(None, "slow", input={"seconds": 0.1, "steps": 1})
    assert run["status"] == "pending"
    assert run["thread_id"]


async def test_thread_is_hidden_afterwards(client: Any) -> None:
    tag = str(uuid4())
    await client.runs.wait(None, "approval", input={"mode": "none"}, metadata={"tag": tag})
    assert await client.threads.search(metadata={"tag": tag}) == []


async def test_thread_is_kept_when_asked_for(client: Any) -> None:
    seen: list[dict[str, str]] = []
    await client.runs.wait(None, "approval", input={"mode": "none"}, on_completion="keep", on_run_created=seen.append)
    assert (await client.threads.get_state(seen[0]["thread_id"]))["values"]["done"]


async def test_interrupt_is_reported(client: Any) -> None:
    assert len((await client.runs.wait(None, "approval", input={}))["__interrupt__"]) == 1


async def test_interrupt_cannot_be_answered(client: Any) -> None:
    seen: list[dict[str, str]] = []
    await client.runs.wait(None, "approval", input={}, on_run_created=seen.append)
    with refused(404):
        await client.runs.wait(seen[0]["thread_id"], "approval", command={"resume": True})


async def test_hidden_thread_can_be_read_while_it_runs(client: Any) -> None:
    run = await client.runs.create(None, "slow", input={"seconds": 30})
    assert (await client.threads.get(run["thread_id"]))["status"] == "busy"
    assert (await client.runs.get(run["thread_id"], run["run_id"]))["status"] in ("pending", "running")
    await client.runs.cancel(run["thread_id"], run["run_id"])
    with pytest.raises(NotFoundError):
        await client.threads.get(run["thread_id"])


async def test_batch(client: Any) -> None:
    body = {"assistant_id": "approval", "input": {"mode": "none"}, "on_completion": "keep"}
    runs = await client.runs.create_batch([body, body])
    for run in runs:
        assert (await client.runs.join(run["thread_id"], run["run_id"]))["done"]
    assert len({run["thread_id"] for run in runs}) == 2


async def test_batch_with_a_wrong_body_starts_nothing(client: Any) -> None:
    tag = str(uuid4())
    good = {"assistant_id": "slow", "input": {}, "metadata": {"tag": tag}}
    with refused(422):
        await client.runs.create_batch([good, {"assistant_id": "ghost"}])
    assert await client.threads.search(metadata={"tag": tag}) == []


async def test_resume_needs_a_thread(client: Any) -> None:
    with refused(400):
        await client.runs.wait(None, "approval", command={"resume": True})
