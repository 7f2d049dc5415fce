"""threads.delete"""

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError


async def test_thread_goes_with_runs_and_state(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    await client.threads.delete(thread)
    for call in (client.threads.get, client.threads.get_state, client.threads.get_history, client.runs.list):
        with pytest.raises(NotFoundError):
            await call(thread)


async def test_second_delete_finds_nothing(client: Any, thread: str) -> None:
    await client.threads.delete(thread)
    with pytest.raises(NotFoundError):
        await client.threads.delete(thread)


async def test_same_id_starts_afresh(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    await client.threads.delete(thread)
    await client.threads.create(thread_id=thread)
    assert (await client.threads.get_state(thread))["values"] == {}
