"""threads.get"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError


async def test_thread_is_read_as_made(client: Any) -> None:
    made = await client.threads.create(metadata={"a": {"b": [1]}})
    assert await client.threads.get(made["thread_id"]) == made


async def test_thread_shows_what_its_last_run_left(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "refund"})
    row = await client.threads.get(thread)
    assert row["status"] == "interrupted"
    assert row["values"] == {"request": "refund", "answers": ["planned"]}
    assert [each["value"] for each in next(iter(row["interrupts"].values()))] == [{"action": "approve", "request": "refund"}]
    assert row["metadata"]["graph_id"] == "approval"


async def test_unknown_thread_does_not_exist(client: Any) -> None:
    with pytest.raises(NotFoundError):
        await client.threads.get(str(uuid4()))


async def test_id_must_be_a_uuid(client: Any) -> None:
    with pytest.raises(UnprocessableEntityError, match="must be a UUID"):
        await client.threads.get("seven")
