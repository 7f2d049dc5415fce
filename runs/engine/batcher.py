"""Joins what the runs of a process want done at one time into one statement."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """What queues up while the last flush is under way goes out as the next one: no timer, no delay at rest, fewer commits under load.

    `flush` answers or raises for the whole batch: one outcome per item, an exception instance where one item failed. When it raises,
    each item goes again alone, so that one bad item harms nobody else.
    """

    def __init__(self, flush: Callable[[list[T]], Awaitable[list[R | Exception]]], limit: int = 64) -> None:
        self.flush = flush
        self.limit = limit
        self.queue: list[tuple[T, asyncio.Future[R]]] = []
        self.task: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """Return the item's outcome, or raise its exception."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.queue.append((item, future))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self.queue:
            batch, self.queue = self.queue[: self.limit], self.queue[self.limit :]
            try:
                outcomes = await self.flush([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 (the boundary of a flush: handed to whoever waits, or tried again item by item)
                outcomes = [error] if len(batch) == 1 else [await self._alone(item) for item, _ in batch]
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

    async def _alone(self, item: T) -> R | Exception:
        try:
            return (await self.flush([item]))[0]
        except Exception as error:  # noqa: BLE001 (as above)
            return error
