"""if_not_exists"""

from typing import Any
from uuid import uuid4

from tests.sdk.refusals import refused


async def test_thread_is_made_with_the_run(client: Any) -> None:
    thread = str(uuid4())
    answer = await client.runs.wait(thread, "approval", input={"mode": "none"}, if_not_exists="create", metadata={"made": "so"})
    assert answer["done"]
    assert (await client.threads.get(thread))["metadata"]["made"] == "so"


async def test_existing_thread_is_used(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"}, if_not_exists="create", metadata={"made": "so"})
    assert "made" not in (await client.threads.get(thread))["metadata"]


async def test_default_is_to_refuse(client: Any) -> None:
    with refused(404):
        await client.runs.wait(str(uuid4()), "approval", input={}, if_not_exists="reject")
