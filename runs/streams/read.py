"""Following a run: subscribe, read the log from a cursor, then follow; rows fill what Redis lost."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from django.conf import settings

from runs.streams import control, keys, rows
from runs.streams.connection import RedisDown, async_redis
from runs.streams.hub import Hub, Reader, hub
from runs.streams.rows import PAGE, RunRef
from runs.wire.events import END, REPLAY, Cursor, Event, unpack
from tenants.database.threads import in_database

__all__ = ["AccessLost", "Following", "RunRef", "SlowReader", "follow"]

LOG_PAGE = 200
GRACE_SECONDS = 0.5  # a row is terminal before its end is published
RETRY_SECONDS = (0.1, 0.1, 0.1, 0.2, 0.5)
HELD_EVENTS = 20_000


class SlowReader(Exception):
    """The reader did not keep up and is cut off; it may come back with the last id it has seen."""


class AccessLost(Exception):
    """The key that opened this stream has been revoked or its access has gone."""


@dataclass(frozen=True, slots=True)
class Following:
    """How to follow. `after` None: from now on. `fresh`: created by this request, nothing is older. `end_only`: just the end."""

    after: Cursor | None = None
    fresh: bool = False
    end_only: bool = False


async def follow(ref: RunRef, how: Following) -> AsyncGenerator[list[Event], None]:
    """New events in order, in batches, the last one ending with END; an empty batch after HEARTBEAT_SECONDS of silence.

    Always ends: with END, or by raising SlowReader or AccessLost. Resumable runs have no gaps and no doubles. Holds neither thread nor
    database connection.
    """
    if ref.ended and not how.end_only:
        async for stored in _stored(ref, how.after):
            yield stored
        return
    center = hub()
    reader = Reader(ref, end_only=how.end_only, listens=not (how.end_only or how.fresh or ref.streamed or ref.resumable))
    follower = _Follower(center, reader, how)
    try:
        await center.add(reader)
        batch: list[Event] | None = await follower.begin()
        while True:
            if batch is not None:
                yield batch
                if batch and batch[-1].event == END:
                    return
            batch = await follower.next()
    finally:
        center.remove(reader)


async def _stored(ref: RunRef, after: Cursor | None) -> AsyncGenerator[list[Event], None]:
    """A run that had ended before: its rows after the cursor if it is resumable, else nothing; then the end."""
    lost = False
    if ref.resumable and after is not None:
        lost = await in_database(rows.expired, ref)
        while batch := await in_database(rows.events_after, ref, after):
            yield batch
            after = batch[-1].cursor
            if len(batch) < PAGE:
                break
    yield await in_database(rows.end_of, ref, after, lost=lost)


class _Follower:
    """Where one reader stands."""

    def __init__(self, center: Hub, reader: Reader, how: Following) -> None:
        self._hub, self._reader, self._how, self._ref = center, reader, how, reader.ref
        self._exact = reader.ref.resumable and not how.end_only
        self._seen = how.after
        self._held: list[Event] = []
        self._retries = 0
        self._over_since: float | None = None
        self._shown_at = asyncio.get_running_loop().time()

    async def begin(self) -> list[Event] | None:
        """What there is at the start."""
        if self._how.end_only:
            return await self._end_now()
        if self._how.after is None:
            return await self._join()
        logged = await self._log()
        if not logged and self._exact and not self._how.fresh:
            logged = await self._rows()
        return await self._accept(logged or []) or None

    async def next(self) -> list[Event] | None:
        """The next batch; empty after a silence, None if there is nothing to show."""
        reader, loop = self._reader, asyncio.get_running_loop()
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
        wait = self._shown_at + settings.HEARTBEAT_SECONDS - now
        if self._reader.reread or self._reader.denied or self._reader.slow:
            return 0.0
        if self._over_since is not None:
            wait = min(wait, self._over_since + GRACE_SECONDS - now)
        elif self._reader.over:
            return 0.0
        if self._held or (self._exact and not self._hub.up):
            wait = min(wait, RETRY_SECONDS[min(self._retries, len(RETRY_SECONDS) - 1)])
            self._retries += 1
        return wait

    async def _come(self, now: float) -> list[Event]:
        """Events from wherever there are some: the channel, the log, rows, or the end that the poll has found."""
        reader = self._reader
        if packed := reader.take():
            return unpack(packed)
        if reader.reread:
            reader.reread = False
            return await (self._end_now() if self._how.end_only else self._log()) or []
        if reader.over:
            if self._over_since is None:
                self._over_since = now
            elif now - self._over_since >= GRACE_SECONDS:
                return await self._finish()
        if self._exact and not self._hub.up and not self._held:
            return await self._rows()
        return []

    async def _accept(self, come: list[Event]) -> list[Event]:
        """What of it is new and in order; the rest is held until rows have filled the gap."""
        if self._how.end_only:
            return come[-1:] if come and come[-1].event == END else []
        if not self._exact:
            return self._show(_after(come, self._seen))
        if not self._held and _consecutive(come, self._seen, self._untouched) == len(come):
            return self._show(come)
        pending = _after(_sorted(self._held + come), self._seen)
        ready = _consecutive(pending, self._seen, self._untouched)
        if ready < len(pending):
            pending = _after(_sorted(pending + await self._rows()), self._seen)
            # Rows are flushed before a run is settled: whatever is missing at its end does not exist.
            ready = len(pending) if pending[-1].event == END else _consecutive(pending, self._seen, True)
        self._held = pending[ready:]
        if len(self._held) > HELD_EVENTS:
            raise SlowReader
        if ready:
            self._retries = 0
        return self._show(pending[:ready])

    @property
    def _untouched(self) -> bool:
        """Nothing can be older than the first event."""
        return self._how.fresh and self._seen == REPLAY

    def _show(self, events: list[Event]) -> list[Event]:
        if events:
            self._seen = events[-1].cursor
        return events

    async def _join(self) -> list[Event] | None:
        """From now on: the key is set, so ask the row once and tell the worker."""
        now = await in_database(rows.run_now, self._ref)
        if now is None or now.ended:
            return await in_database(rows.end_of, self._ref, None, lost=False)
        if self._reader.listens and now.lease_owner is not None:
            await control.send_soon(now.lease_owner, control.listen_message(self._ref.run_id))
        if self._exact and not self._hub.up:
            self._seen = await in_database(rows.last_cursor, self._ref)
        return None

    async def _end_now(self) -> list[Event] | None:
        """The end, if it has come before we subscribed."""
        try:
            (entries,) = await async_redis().execute(("XREVRANGE", keys.log(self._ref.run_id), "+", "-", "COUNT", 1))
        except RedisDown:
            entries = []
        logged = _entries(entries)
        if logged and logged[-1].event == END:
            return logged[-1:]
        if self._how.fresh:
            return None
        now = await in_database(rows.run_now, self._ref)
        return await in_database(rows.end_of, self._ref, None, lost=False) if now is None or now.ended else None

    async def _log(self) -> list[Event] | None:
        """The log after the cursor; None if Redis does not answer."""
        if self._seen is None:
            return []
        found: list[Event] = []
        start = f"({self._seen[0]}-{self._seen[1]}" if self._seen != REPLAY else "-"
        while True:
            try:
                (entries,) = await async_redis().execute(("XRANGE", keys.log(self._ref.run_id), start, "+", "COUNT", LOG_PAGE))
            except RedisDown:
                return found or None
            found += _entries(entries)
            if isinstance(entries, Exception) or len(entries) < LOG_PAGE:
                return found
            start = f"({entries[-1][0].decode()}"

    async def _rows(self) -> list[Event]:
        """Stored events after the cursor."""
        after, found = self._seen, list[Event]()
        while after is not None and (page := await in_database(rows.events_after, self._ref, after)):
            found += page
            if len(page) < PAGE:
                break
            after = page[-1].cursor
        return found

    async def _finish(self) -> list[Event]:
        """The row is terminal and no end has come: the log once more, else rows and the row's own word."""
        logged = await self._log() or []
        if logged and logged[-1].event == END:
            return logged
        complete = self._exact and self._seen is not None
        stored = await self._rows() if complete else []
        seen = (logged + stored)[-1].cursor if logged or stored else self._seen
        return [*logged, *stored, *await in_database(rows.end_of, self._ref, seen, lost=not complete)]


def _entries(entries: object) -> list[Event]:
    """The events of stream entries."""
    if not isinstance(entries, list):
        return []
    return unpack(b"".join([fields[1] for _, fields in entries]))


def _after(events: list[Event], seen: Cursor | None) -> list[Event]:
    """Events after the cursor, in order, each once, up to the end."""
    fresh: list[Event] = []
    for event in events:
        if event.event == END:
            fresh.append(event)
            break
        if seen is None or event.cursor > seen:
            fresh.append(event)
            seen = event.cursor
    return fresh


def _consecutive(events: list[Event], seen: Cursor | None, trusted: bool) -> int:
    """How many follow on one another. A new attempt starts at 1; unless trusted, what came before it is looked for in rows."""
    for at, event in enumerate(events):
        if seen is not None and event.cursor != (seen[0], seen[1] + 1):
            new_attempt = event.n == 1 and event.epoch_ms > seen[0]
            if not (trusted and (new_attempt or event.event == END)):
                return at
        seen = event.cursor
    return len(events)


def _sorted(events: list[Event]) -> list[Event]:
    """By id, each once, the end last."""
    unique = {event.cursor: event for event in events if event.event != END}
    return [unique[cursor] for cursor in sorted(unique)] + [event for event in events if event.event == END][:1]
