"""Each test runs twice: with the async client, and with the sync one behind the same calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.builders import Person
from tests.conftest import Sdk, SyncSdk

END = object()


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
