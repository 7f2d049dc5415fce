"""Where the events of one run are found: in its log in Redis, in rows if it is resumable, and at last in the word of its own row."""

from runs.streams import control, keys, rows
from runs.streams.connection import RedisDown, async_redis
from runs.streams.hub import Hub, Reader
from runs.streams.log import Following, Stored
from runs.streams.rows import PAGE, RunRef
from runs.wire.events import END, REPLAY, Cursor, Event, unpack
from tenants.database.threads import in_database

LOG_PAGE = 200


class RunLog:
    """For one reader. Resumable runs have no gaps; of others only what comes is shown; `end_only` looks for nothing but the end."""

    def __init__(self, center: Hub, ref: RunRef, how: Following) -> None:
        self._hub, self._ref, self._how = center, ref, how
        self.exact = ref.resumable and not how.end_only
        listens = not (how.end_only or how.fresh or ref.streamed or ref.resumable)
        self.reader = Reader(ref, listen=keys.listen(ref.run_id) if listens else None, end_only=how.end_only)

    def gapless(self, _: int) -> bool:
        """Whether all events of an epoch are stored."""
        return self.exact

    def untouched(self, seen: Cursor | None) -> bool:
        """Whether nothing can be older than the first event."""
        return self._how.fresh and seen == REPLAY

    def behind(self, _: Cursor | None) -> bool:
        """Never: a poll tells a run's reader only that the run has ended."""
        return False

    @property
    def lively(self) -> bool:
        """Whether rows may have news while Redis is away."""
        return True

    def read(self, chunks: list[bytes]) -> list[Event]:
        """What came over the channel."""
        return unpack(chunks[0] if len(chunks) == 1 else b"".join(chunks))

    async def begin(self) -> Stored:
        """What there is at the start."""
        if self._how.end_only:
            return Stored(await self._end_now())
        if self._how.after is None:
            return await self._join()
        logged = await self._logged(self._how.after)
        return Stored(logged or [], not logged and self.exact and not self._how.fresh, self._how.after)

    async def again(self, seen: Cursor | None) -> Stored:
        """After a time in which messages may have been missed."""
        if self._how.end_only:
            return Stored(await self._end_now())
        return Stored(await self._logged(seen) or [])

    async def stored(self, seen: Cursor | None) -> Stored:
        """A page of rows after the cursor."""
        if seen is None:
            return Stored([])
        page = await in_database(rows.events_after, self._ref, seen)
        return Stored(page, len(page) == PAGE)

    def caught_up(self, seen: Cursor | None) -> Cursor | None:
        """Where a reader stands who has seen all that rows have."""
        return seen

    async def finish(self, seen: Cursor | None) -> list[Event]:
        """The row is terminal and no end has come: the log once more, else rows and the row's own word."""
        if self._how.end_only:
            return await in_database(rows.end_of, self._ref, None, lost=False)
        logged = await self._logged(seen) or []
        if logged and logged[-1].event == END:
            return logged
        complete = self.exact and seen is not None
        found = list(logged)
        more = complete
        while more and seen is not None:
            page = await in_database(rows.events_after, self._ref, seen)
            found, more = found + page, len(page) == PAGE
            seen = page[-1].cursor if page else seen
        return [*found, *await in_database(rows.end_of, self._ref, found[-1].cursor if found else seen, lost=not complete)]

    async def _join(self) -> Stored:
        """From now on: the key is set, so ask the row once and tell the worker."""
        now = await in_database(rows.run_now, self._ref)
        if now is None or now.ended:
            return Stored(await in_database(rows.end_of, self._ref, None, lost=False))
        if self.reader.listen is not None and now.lease_owner is not None:
            await control.send_soon(now.lease_owner, control.listen_message(self._ref.run_id))
        away = self.exact and not self._hub.up
        return Stored([], cursor=await in_database(rows.last_cursor, self._ref) if away else None)

    async def _end_now(self) -> list[Event]:
        """The end, if it has come before we subscribed."""
        try:
            (entries,) = await async_redis().execute(("XREVRANGE", keys.log(self._ref.run_id), "+", "-", "COUNT", 1))
        except RedisDown:
            entries = []
        logged = _entries(entries)
        if logged and logged[-1].event == END:
            return logged[-1:]
        if self._how.fresh:
            return []
        now = await in_database(rows.run_now, self._ref)
        return await in_database(rows.end_of, self._ref, None, lost=False) if now is None or now.ended else []

    async def _logged(self, seen: Cursor | None) -> list[Event] | None:
        """The log after the cursor; None if Redis does not answer."""
        if seen is None:
            return []
        found: list[Event] = []
        start = f"({seen[0]}-{seen[1]}" if seen != REPLAY else "-"
        while True:
            try:
                (entries,) = await async_redis().execute(("XRANGE", keys.log(self._ref.run_id), start, "+", "COUNT", LOG_PAGE))
            except RedisDown:
                return found or None
            found += _entries(entries)
            if isinstance(entries, Exception) or len(entries) < LOG_PAGE:
                return found
            start = f"({entries[-1][0].decode()}"


def _entries(entries: object) -> list[Event]:
    """The events of stream entries."""
    if not isinstance(entries, list):
        return []
    return unpack(b"".join([fields[1] for _, fields in entries]))
