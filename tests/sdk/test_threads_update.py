"""threads.update"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError


async def test_metadata_is_merged(client: Any) -> None:
    made = await client.threads.create(metadata={"a": 1, "b": 1})
    changed = await client.threads.update(made["thread_id"], metadata={"b": 2, "c": None})
    assert changed["metadata"] == {"a": 1, "b": 2, "c": None}
    assert changed["updated_at"] > made["updated_at"]
    assert changed["state_updated_at"] == made["state_updated_at"]


async def test_changed_metadata_is_found(client: Any, thread: str) -> None:
    await client.threads.update(thread, metadata={"ticket": thread})
    assert [row["thread_id"] for row in await client.threads.search(metadata={"ticket": thread})] == [thread]


async def test_minimal_answer_has_no_body(client: Any, thread: str) -> None:
    assert await client.threads.update(thread, metadata={"a": 1}, return_minimal=True) is None
    assert (await client.threads.get(thread))["metadata"] == {"a": 1}


async def test_unknown_thread_does_not_exist(client: Any) -> None:
    with pytest.raises(NotFoundError):
        await client.threads.update(str(uuid4()), metadata={"a": 1})
