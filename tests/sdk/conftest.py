"""Each test runs twice: with the async client, and with the sync one behind the same calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.pregel.remote import RemoteGraph

from tests.builders import Person
from tests.conftest import Sdk, SyncSdk

END = object()
Remote = Callable[[str], RemoteGraph]


class InThreads:
    """The sync client's resources, with every call awaited in a thread."""

    def __init__(self, target: object) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return InThreads(found)
        return self._iterated(found) if name in ("stream", "join_stream") else self._awaited(found)

    @staticmethod
    def _awaited(method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: asyncio.to_thread(method, *args, **options)

    @staticmethod
    def _iterated(method: Callable[..., Iterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        async def items(*args: Any, **options: Any) -> AsyncIterator[Any]:
            iterator = method(*args, **options)
            while (item := await asyncio.to_thread(next, iterator, END)) is not END:
                yield item

        return items


@pytest.fixture(params=["async", "sync"])
def client(request: pytest.FixtureRequest, sdk: Sdk, sync_sdk: SyncSdk, owner: Person) -> Any:
    """A developer's client."""
    return sdk(owner.key) if request.param == "async" else InThreads(sync_sdk(owner.key))


@pytest.fixture
async def thread(client: Any) -> str:
    """The id of a new thread."""
    return str((await client.threads.create())["thread_id"])


@pytest.fixture
def remote(sdk: Sdk, sync_sdk: SyncSdk, owner: Person) -> Remote:
    """A graph of the server by its name, used as a local one."""
    client, sync_client = sdk(owner.key), sync_sdk(owner.key)
    return lambda name: RemoteGraph(name, client=client, sync_client=sync_client)


@pytest.fixture
def config() -> RunnableConfig:
    """A thread that does not exist yet: RemoteGraph makes it with its first run."""
    return {"configurable": {"thread_id": str(uuid4())}}
