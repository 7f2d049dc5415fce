"""Where the events of all runs of a thread are found: on the thread's channel as they come, and in rows for resumable runs."""

import sys
from uuid import UUID

from runs.streams import control, keys, thread_rows
from runs.streams.hub import Hub, Reader
from runs.streams.log import Following, Stored
from runs.streams.order import merged
from runs.streams.thread_rows import ThreadRef, done
from runs.wire.events import END, HEAD, LAST, REPLAY, Cursor, Event, unpack
from tenants.database.threads import in_database

OF_THREAD = bytes(HEAD - 1)


class ThreadLog:
    """For one reader. The end of a run is told as DONE; END is the thread's own."""

    def __init__(self, center: Hub, ref: ThreadRef, how: Following) -> None:
        self._hub, self._ref, self._how = center, ref, how
        self._resumable: set[int] = set()  # epochs of which rows have every event
        self._ends_from = 0
        self._told: Cursor | None = None
        self._over: Cursor = REPLAY  # runs before it have ended
        self.exact = not how.updates_only
        self.reader = Reader(ref, listen=keys.listen_thread(ref.tenant_id, ref.thread_id) if self.exact else None)

    def gapless(self, epoch_ms: int) -> bool:
        """Whether all events of an epoch are stored."""
        return epoch_ms in self._resumable

    def untouched(self, _: Cursor | None) -> bool:
        """Never: a thread is older than its readers."""
        return False

    def behind(self, seen: Cursor | None) -> bool:
        """Whether a run has begun or ended since, or the state was written."""
        polled = self.reader.polled
        if polled is None or seen is None or not self.exact:
            return False
        return polled.epoch_ms > seen[0] or (polled.epoch_ms == seen[0] and polled.status != "busy" and seen[1] < LAST)

    @property
    def lively(self) -> bool:
        """Whether rows may have news while Redis is away: those of a busy thread, or of one not yet asked for."""
        return self.reader.polled is None or self.reader.polled.status == "busy"

    def read(self, chunks: list[bytes]) -> list[Event]:
        """What came over the channel."""
        found: list[Event] = []
        for chunk in chunks:
            run, resumable = chunk[: HEAD - 1], chunk[HEAD - 1 : HEAD] == b"1"
            if run != OF_THREAD and not self.exact:
                continue
            events = unpack(chunk[HEAD:])
            self._over = max(self._over, (events[-1].epoch_ms, 0))
            found += events if run == OF_THREAD else self._of_run(UUID(bytes=run), resumable, events)
        return found

    async def begin(self) -> Stored:
        """Where the thread is now; the worker of a run that sends nothing yet is told that somebody listens."""
        now = await in_database(thread_rows.standing, self._ref)
        if now is None:
            return Stored([_end()])
        if self.exact and now.quiet_run is not None and now.lease_owner is not None:
            await control.send_soon(now.lease_owner, control.listen_message(now.quiet_run))
        self._ends_from = now.epoch_ms if now.running else now.epoch_ms + 1
        if self._how.after is not None:
            return Stored(more=self.exact, cursor=self._how.after)
        if now.epoch_ms > self._ref.epoch_ms:  # a run has begun since this reader was let in
            self._ends_from = self._ref.epoch_ms + 1
            return Stored(more=self.exact, cursor=(self._ref.epoch_ms, LAST))
        return Stored(cursor=(now.epoch_ms, now.n if now.running else LAST))

    async def again(self, _: Cursor | None) -> Stored:
        """Nothing but what rows have. Where that leads, and which runs have ended, is what the poll has said."""
        if polled := self.reader.polled:
            self._told = (polled.epoch_ms, 0 if polled.status == "busy" else LAST)
            self._over = max(self._over, self._told)
        return Stored(more=self.exact)

    async def stored(self, seen: Cursor | None) -> Stored:
        """A page of rows after the cursor, with the ends of runs that have none there: a later run may overtake what is said of them."""
        if seen is None or not self.exact:
            return Stored()
        events, more = await in_database(thread_rows.events_after, self._ref, seen)
        self._resumable = {epoch for epoch in self._resumable if epoch >= seen[0]} | {event.epoch_ms for event in events}
        newest = (events[-1].epoch_ms, 0) if events else REPLAY
        over = newest if more else max(self._over, newest)
        if (after := max(seen, (self._ends_from, 0))) < over:
            ends = await in_database(thread_rows.ended_since, self._ref, after)
            events = merged(events + [end for end in ends if (end.epoch_ms, 0) < over])
        return Stored(events, more)

    def caught_up(self, seen: Cursor | None) -> Cursor | None:
        """Where a reader stands who has seen all that rows have."""
        told, self._told = self._told, None
        return seen if told is None or seen is None else max(seen, told)

    async def finish(self, seen: Cursor | None) -> list[Event]:
        """The thread has gone: what its rows still say, and the end."""
        self._over = (sys.maxsize, 0)
        return [*(await self.stored(seen)).events, _end()]

    def _of_run(self, run_id: UUID, resumable: bool, events: list[Event]) -> list[Event]:
        if resumable:
            self._resumable |= {events[0].epoch_ms, events[-1].epoch_ms}
        if events[-1].event == END:
            events[-1] = done(run_id, events[-1].cursor)
        return events


def _end() -> Event:
    return Event(0, LAST, END, b"null")
