"""Following a run or a thread: subscribe, look at what there is from a cursor on, then follow; rows fill what Redis lost."""

import asyncio
from collections.abc import AsyncGenerator

from django.conf import settings

from runs.streams import rows
from runs.streams.hub import Hub, hub
from runs.streams.log import Following, Log
from runs.streams.order import after, merged, past, showable
from runs.streams.rows import PAGE, RunRef
from runs.streams.run_log import RunLog
from runs.streams.thread_log import ThreadLog
from runs.streams.thread_rows import ThreadRef
from runs.wire.events import END, Cursor, Event
from tenants.database.threads import in_database

__all__ = ["AccessLost", "Following", "RunRef", "SlowReader", "ThreadRef", "follow"]

GRACE_SECONDS = 0.5  # a row is terminal before its end is published
RETRY_SECONDS = (0.1, 0.1, 0.1, 0.2, 0.5)
HELD_EVENTS = 20_000


class SlowReader(Exception):
    """The reader did not keep up and is cut off; it may come back with the last id it has seen."""


class AccessLost(Exception):
    """The key that opened this stream has been revoked or its access has gone."""


async def follow(ref: RunRef | ThreadRef, how: Following) -> AsyncGenerator[list[Event], None]:
    """New events in order, in batches, the last one ending with END; an empty batch after HEARTBEAT_SECONDS of silence.

    Ends with END (of a thread: when it is deleted), or by raising SlowReader or AccessLost. Resumable runs have no gaps and no doubles.
    Holds neither thread nor database connection.
    """
    if isinstance(ref, RunRef) and ref.ended and not how.end_only:
        async for stored in _stored(ref, how.after):
            yield stored
        return
    center = hub()
    log: Log = RunLog(center, ref, how) if isinstance(ref, RunRef) else ThreadLog(center, ref, how)
    follower = _Follower(center, log, how)
    try:
        await center.add(log.reader)
        batch: list[Event] | None = await follower.begin()
        while True:
            if batch is not None:
                yield batch
                if batch and batch[-1].event == END:
                    return
            batch = await follower.next()
    finally:
        center.remove(log.reader)


async def _stored(ref: RunRef, seen: Cursor | None) -> AsyncGenerator[list[Event], None]:
    """A run that had ended before: its rows after the cursor if it is resumable, else nothing; then the end."""
    lost = False
    if ref.resumable and seen is not None:
        lost = await in_database(rows.expired, ref)
        while batch := await in_database(rows.events_after, ref, seen):
            yield batch
            seen = batch[-1].cursor
            if len(batch) < PAGE:
                break
    yield await in_database(rows.end_of, ref, seen, lost=lost)


class _Follower:
    """Where one reader stands."""

    def __init__(self, center: Hub, log: Log, how: Following) -> None:
        self._hub, self._log, self._reader, self._how = center, log, log.reader, how
        self._seen: Cursor | None = None
        self._held: list[Event] = []
        self._more = False
        self._retries = 0
        self._since: float | None = None
        self._shown_at = asyncio.get_running_loop().time()

    async def begin(self) -> list[Event] | None:
        """What there is at the start."""
        found = await self._log.begin()
        self._seen, self._more = found.cursor, found.more
        return await self._accept(found.events) or None

    async def next(self) -> list[Event] | None:
        """The next batch; empty after a silence, None if there is nothing to show."""
        reader, loop = self._reader, asyncio.get_running_loop()
        if not reader.has_news:
            await reader.wait(self._patience(loop.time()))
        if reader.denied:
            raise AccessLost
        if reader.slow:
            raise SlowReader
        batch = await self._accept(await self._come(loop.time()))
        now = loop.time()
        if batch or now - self._shown_at >= settings.HEARTBEAT_SECONDS:
            self._shown_at = now
            return batch
        return None

    def _patience(self, now: float) -> float:
        """How long to wait for news."""
        reader = self._reader
        if self._more or reader.reread or reader.denied or reader.slow:
            return 0.0
        wait = self._shown_at + settings.HEARTBEAT_SECONDS - now
        if self._since is not None:
            wait = min(wait, self._since + GRACE_SECONDS - now)
        elif self._late:
            return 0.0
        if self._held or self._blind:
            wait = min(wait, RETRY_SECONDS[min(self._retries, len(RETRY_SECONDS) - 1)])
            self._retries += 1
        return wait

    @property
    def _late(self) -> bool:
        """Whether the poll has told what no message has."""
        return self._reader.over or self._log.behind(self._seen)

    @property
    def _blind(self) -> bool:
        """Whether events may be in rows while Redis tells nothing."""
        return self._log.exact and not self._hub.up and self._log.lively

    async def _come(self, now: float) -> list[Event]:
        """Events from wherever there are some: the channel, the log, rows, or the end that the poll has found."""
        reader = self._reader
        if chunks := reader.take():
            return self._log.read(chunks)
        if reader.reread:
            reader.reread = False
            return await self._again()
        if not self._late:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= GRACE_SECONDS:
            self._since = None
            return await self._log.finish(self._seen) if reader.over else await self._again()
        if self._blind and not self._held:
            self._more = True
        return []

    async def _again(self) -> list[Event]:
        found = await self._log.again(self._seen)
        self._more = self._more or found.more
        return found.events

    async def _accept(self, come: list[Event]) -> list[Event]:
        """What of it is new and in order; the rest is held until rows have filled the gap."""
        if self._how.end_only:
            return come[-1:] if come and come[-1].event == END else []
        gapless = self._log.gapless
        if not self._log.exact:
            return self._show(after(come, self._seen))
        seen = (come[0].epoch_ms, 0) if come and self._log.untouched(self._seen) else self._seen
        if come and not self._held and not self._more and showable(come, seen, gapless, checked=False) == len(come):
            return self._show(come)
        pending = after(merged(self._held + come), self._seen)
        ready = showable(pending, seen, gapless, checked=False)
        if self._more or ready < len(pending):
            page = await self._log.stored(self._seen)
            pending = after(merged(pending + page.events), self._seen)
            # Where a page is full, rows have more to say of what comes after it.
            known = [event for event in pending if event.event != END and event.cursor <= page.events[-1].cursor] if page.more else pending
            ready = showable(known, self._seen, gapless, checked=True)
            self._more = page.more and ready == len(known)
        self._held = pending[ready:]
        if len(self._held) > HELD_EVENTS:
            raise SlowReader
        if ready:
            self._retries = 0
        shown = self._show(pending[:ready])
        if not self._held and not self._more:
            self._seen = self._log.caught_up(self._seen)
        return shown

    def _show(self, events: list[Event]) -> list[Event]:
        if events:
            self._seen = past(events[-1])
        return events
