"""Fixtures: a loop's hub and a publisher over this process's Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runs.models import Run, Thread
from runs.streams.connection import async_redis
from runs.streams.hub import Hub, hub
from runs.streams.publish import Publisher
from runs.streams.read import Following, RunRef, ThreadRef, follow
from runs.streams.rows import LOST
from runs.wire.events import END, Event

Follow = Callable[..., "Follower"]


class Follower:
    """Follows in a task and keeps what was shown."""

    def __init__(self, ref: RunRef | ThreadRef, how: Following) -> None:
        self.events: list[Event] = []
        self.silences = 0
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(self._run(ref, how))

    async def _run(self, ref: RunRef | ThreadRef, how: Following) -> None:
        async for batch in follow(ref, how):
            self.events += batch
            self.silences += not batch
            self._changed.set()

    async def until(self, found: Callable[["Follower"], object], seconds: float = 10) -> None:
        """Until what was shown satisfies."""
        async with asyncio.timeout(seconds):
            while not found(self):
                self._changed.clear()
                await self._changed.wait()

    async def names(self, seconds: float = 10) -> list[str]:
        """All names, once it has ended."""
        async with asyncio.timeout(seconds):
            await self.task
        return [event.event for event in self.events]

    @property
    def numbers(self) -> list[tuple[int, int]]:
        """What was shown, by id, without the end."""
        return [event.cursor for event in self.events if event.event not in (END, LOST)]


@pytest.fixture
async def center() -> AsyncIterator[Hub]:
    """The hub of the test's loop."""
    yield hub()
    await hub().stop()
    async_redis().close()
    await asyncio.sleep(0)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    """A worker's publisher."""
    made = Publisher()
    yield made
    await made.close()
    await asyncio.sleep(0)


@pytest.fixture
async def following(center: Hub) -> AsyncIterator[Follow]:
    """Starts followers and ends them."""
    started: list[Follower] = []

    def start(what: Run | Thread, **how: Any) -> Follower:
        key_id = how.pop("key_id", None)
        ref = RunRef.of(what, key_id) if isinstance(what, Run) else ThreadRef(what.tenant_id, what.thread_id, key_id, what.epoch_ms)
        started.append(Follower(ref, Following(**how)))
        return started[-1]

    yield start
    for follower in started:
        follower.task.cancel()
    await asyncio.gather(*[follower.task for follower in started], return_exceptions=True)
