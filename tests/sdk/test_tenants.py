"""Two tenants that cannot see each other, with the official client"""

from typing import Any

from tests.builders import Person
from tests.conftest import Sdk
from tests.sdk.refusals import refused


async def test_stranger_sees_nothing(client: Any, thread: str, sdk: Sdk, stranger: Person) -> None:
    await client.runs.wait(thread, "approval", input={})
    other: Any = sdk(stranger.key)
    assert await other.threads.search() == []
    for call in (other.threads.get, other.threads.get_state, other.threads.get_history, other.threads.delete, other.runs.list):
        with refused(404):
            await call(thread)
    with refused(404):
        await other.runs.wait(thread, "approval", command={"resume": "mine"})


async def test_same_thread_id_in_two_tenants_is_two_threads(client: Any, thread: str, sdk: Sdk, stranger: Person) -> None:
    other: Any = sdk(stranger.key)
    await other.threads.create(thread_id=thread, metadata={"whose": "theirs"})
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    assert (await other.threads.get_state(thread))["values"] == {}
    with refused(409):
        await other.threads.create(thread_id=thread)


async def test_wrong_key_is_nobody(sdk: Sdk) -> None:
    with refused(401):
        await sdk("holdfast_" + "0" * 49).threads.search()
