"""Turns what a graph streams into numbered events, and sends them where somebody listens."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from runs.checkpoints.saver import Rows, RunContext
from runs.engine.database import Claimed
from runs.streams.publish import Publisher
from runs.wire.events import END, Event
from runs.wire.modes import Chunks

LOG_SECONDS = 0.05


class EventLog:
    """The durable copy of a resumable run's events, written in batches through the fenced writer."""

    def __init__(self, run: RunContext, write: Callable[[RunContext, Rows], Coroutine[Any, Any, None]]) -> None:
        self.run, self.write = run, write
        self.rows: list[tuple[int, str, bytes]] = []
        self.timer: asyncio.TimerHandle | None = None
        self.writing: set[asyncio.Task[None]] = set()

    def add(self, event: Event) -> None:
        """Queue it for the next batch."""
        self.rows.append((event.n, event.event, event.data))
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(LOG_SECONDS, self._write)

    async def flush(self) -> None:
        """Return when everything queued is committed. Raises StaleWriter."""
        self._write()
        if self.writing:
            await asyncio.gather(*self.writing)

    def _write(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.rows:
            rows, self.rows = self.rows, []
            task = asyncio.create_task(self.write(self.run, Rows(events=rows)))
            self.writing.add(task)
            task.add_done_callback(self._written)

    def _written(self, task: "asyncio.Task[None]") -> None:
        """A failed write shows at the next flush; one that is stale has stopped the run already."""
        if task.cancelled() or task.exception() is None:
            self.writing.discard(task)


class EventStream:
    """One attempt's events: ids are `<epoch of the claim>-<n>`, n from 1. Without a listener only the end is sent."""

    def __init__(self, run: Claimed, publisher: Publisher, log: EventLog | None, *, listened: bool) -> None:
        self.run, self.publisher, self.log = run, publisher, log
        self.listened = listened or run.streamed or run.resumable
        self.asked = frozenset(run.kwargs["stream_mode"])
        self.chunks = Chunks(self.asked)
        self.n = 0

    def emit(self, name: str, data: bytes, *, urgent: bool = False) -> None:
        """Send one event to whoever listens."""
        if not self.listened:
            return
        self.n += 1
        event = Event(self.run.epoch_ms, self.n, name, data)
        if self.log is not None:
            self.log.add(event)
        self.publisher.publish(self.run, [event], urgent=urgent or self.n == 1)

    def chunk(self, namespace: tuple[str, ...], mode: str, value: Any) -> None:
        """Send what the graph streamed, if that mode was asked for."""
        if not self.listened:
            self.chunks.pass_by(mode, value)
            return
        for name, data in self.chunks.frames(namespace, mode, value):
            self.emit(name, data)

    def end(self, data: bytes) -> None:
        """Tell everyone, listening or not, that the run row is terminal."""
        self.n += 1
        self.publisher.publish(self.run, [Event(self.run.epoch_ms, self.n, END, data)], urgent=True)
