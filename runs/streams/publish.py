"""Events on their way out of a process: one pipeline for all its runs."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from redis.exceptions import RedisError

from runs.streams import keys
from runs.streams.connection import Command, Endpoint, Link, RedisDown, sync_redis
from runs.wire.events import END, LAST, STATE_UPDATE, Event, Published, head, pack

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 0.005
LOG_ENTRIES = 10_000
RUNNING_SECONDS = 600
ENDED_SECONDS = 120
LOGGED_SECONDS = max(RUNNING_SECONDS, ENDED_SECONDS)  # after its last event nothing of a run is left
UNSTREAMED_SECONDS = 15  # nobody resumes such a run's stream: only who waits right now looks for its end
RENEW_SECONDS = 60
CHANGED = b"1"
BUFFER_BYTES = 32 * 1024 * 1024


class _Outgoing:
    """What is known of one run whose events leave this process."""

    __slots__ = ("channel", "chunks", "ended", "head", "last", "log", "renewed", "size", "streamed")

    def __init__(self, run: Published) -> None:
        self.log, self.channel = keys.log(run.run_id).encode(), keys.channel(run.tenant_id, run.thread_id).encode()
        self.head = head(run.run_id, resumable=run.resumable)
        self.chunks: list[bytes] = []
        self.size = 0
        self.last = b""
        self.renewed = -RUNNING_SECONDS * 1.0
        self.streamed = False
        self.ended = False

    def add(self, events: Sequence[Event]) -> int:
        """Buffer; answers how many bytes."""
        chunk, last = pack(events), events[-1]
        self.chunks.append(chunk)
        self.last = b"%d-%d" % (last.epoch_ms, last.n)
        if last.event == END:
            self.ended = True
        self.streamed = self.streamed or not self.ended or len(events) > 1
        self.size += len(chunk)
        return len(chunk)

    def commands(self, now: float) -> list[Command]:
        """Log, expiry, publish; empties the buffer."""
        packed = b"".join(self.chunks)
        commands: list[Command] = [(b"XADD", self.log, b"MAXLEN", b"~", LOG_ENTRIES, self.last, b"d", packed)]
        if self.ended:
            commands.append((b"EXPIRE", self.log, ENDED_SECONDS if self.streamed else UNSTREAMED_SECONDS))
        elif now - self.renewed >= RENEW_SECONDS:
            self.renewed = now
            commands.append((b"EXPIRE", self.log, RUNNING_SECONDS))
        commands.append((b"PUBLISH", self.channel, self.head + packed))
        self.drop()
        return commands

    def drop(self) -> None:
        """Empty the buffer."""
        self.chunks, self.size = [], 0


class Publisher:
    """Takes events of a worker's runs to Redis. Belongs to one loop; never blocks a run and never fails it.

    Whatever Redis does not take is dropped: rows hold the truth; readers find the end by their poll and fill gaps of resumable runs
    from rows.
    """

    def __init__(self, url: str | None = None) -> None:
        self._link = Link(Endpoint.of(url or settings.REDIS_URL))
        self._runs: dict[UUID, _Outgoing] = {}
        self._waiting: dict[UUID, _Outgoing] = {}
        self._inboxes: set[UUID] = set()
        self._buffered = 0
        self._timer: asyncio.Handle | None = None
        self._at_once = False
        self._last_flush = 0.0
        self._replies: asyncio.Future[list[Any]] | None = None
        self._dropping = False

    def start(self) -> None:
        """Connect ahead of the first event."""
        self._link.ready  # noqa: B018  # asking is what connects

    def publish(self, published: Published, events: Sequence[Event], urgent: bool = False) -> None:
        """Send within WINDOW_SECONDS; at once if urgent, for the first event of an attempt and for the end. Order is kept."""
        if not events:
            return
        run_id = published.run_id
        run = self._runs.get(run_id)
        if run is None:
            run = self._runs[run_id] = _Outgoing(published)
        self._waiting[run_id] = run
        self._buffered += run.add(events)
        if run.ended:
            del self._runs[run_id]
        self._schedule(urgent or run.ended or events[0].n == 1)

    def tell_inbox(self, tenant_id: UUID) -> None:
        """With the next flush: something of the tenant's review items has changed. The end of a run, which follows, is flushed at once."""
        self._inboxes.add(tenant_id)

    def forget(self, run_id: UUID) -> None:
        """The run has left this process without an end of its own (handed back, lease lost)."""
        self._runs.pop(run_id, None)

    async def close(self) -> None:
        """Send what is buffered and disconnect."""
        if self._waiting:
            with contextlib.suppress(RedisDown):
                await self._link.execute(("PING",))
        self._flush()
        if self._replies is not None:
            await asyncio.wait((self._replies,), timeout=settings.REDIS_TIMEOUT_SECONDS)
        self._link.close()

    def _schedule(self, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if not at_once or self._at_once:
                return
            self._timer.cancel()
        wait = 0.0 if at_once else self._last_flush + WINDOW_SECONDS - loop.time()
        self._at_once = wait <= 0
        self._timer = loop.call_later(wait, self._flush) if wait > 0 else loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        now = self._last_flush = asyncio.get_running_loop().time()
        connection = self._link.ready
        if connection is None or connection.paused:
            self._hold(reachable=connection is not None)
            return
        commands: list[Command] = []
        for run in self._waiting.values():
            commands.extend(run.commands(now))
        if self._inboxes:
            commands.extend((b"PUBLISH", keys.inbox(tenant_id).encode(), CHANGED) for tenant_id in self._inboxes)
            self._inboxes.clear()
        self._waiting.clear()
        self._buffered = 0
        self._replies = connection.send(commands)
        self._replies.add_done_callback(self._sent)

    def _hold(self, reachable: bool) -> None:
        """Redis takes nothing now: keep a bounded amount if it is only slow or just connecting, else drop."""
        if (reachable or self._link.connecting) and self._buffered <= BUFFER_BYTES:
            self._timer, self._at_once = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._flush), True
            return
        self._lost("Redis takes no events" if reachable else "Redis cannot be reached")
        for run in self._waiting.values():
            run.drop()
        self._waiting.clear()
        self._buffered = 0

    def _sent(self, replies: "asyncio.Future[list[Any]]") -> None:
        if replies.cancelled():
            return
        if error := replies.exception():
            self._lost(str(error))
            return
        if self._dropping:
            self._dropping = False
            logger.info("events reach Redis again")
        # An attempt that has been taken over adds below the log's top: Redis refuses, as it should.
        refused = [reply for reply in replies.result() if isinstance(reply, Exception) and "equal or smaller" not in str(reply)]
        if refused:
            logger.warning("Redis refused events", extra={"reason": str(refused[0]), "refused": len(refused)})

    def _lost(self, reason: str) -> None:
        if not self._dropping:
            self._dropping = True
            logger.warning("events are dropped until Redis answers", extra={"reason": reason})


def publish_end(run: Published, epoch_ms: int | None, data: bytes) -> None:
    """Tell readers that a service has ended this run (after its commit). From a thread; logs and goes on if Redis is away.

    `epoch_ms` is that of the run's attempt; without one it has never begun, and nobody was shown anything of it.
    """
    packed = pack([Event(epoch_ms or 0, LAST, END, data)])
    pipeline = sync_redis().pipeline(transaction=False)
    pipeline.xadd(keys.log(run.run_id), {"d": packed}, maxlen=LOG_ENTRIES)
    pipeline.expire(keys.log(run.run_id), ENDED_SECONDS)
    pipeline.publish(keys.channel(run.tenant_id, run.thread_id), head(run.run_id, resumable=run.resumable) + packed)
    try:
        pipeline.execute()
    except RedisError as error:
        logger.warning("the end of a run was not published", extra={"run_id": str(run.run_id), "reason": str(error)})


def publish_update(tenant_id: UUID, thread_id: UUID, epoch_ms: int, data: Callable[[], bytes]) -> None:
    """Tell readers of a thread that its state was written (after the commit); `data` is asked for only if there are any."""
    channel = keys.channel(tenant_id, thread_id)
    try:
        ((_, listeners),) = sync_redis().pubsub_numsub(channel)
        if listeners:
            sync_redis().publish(channel, head(None) + pack([Event(epoch_ms, 1, STATE_UPDATE, data())]))
    except RedisError as error:
        logger.warning("a state update was not published", extra={"thread_id": str(thread_id), "reason": str(error)})


def publish_inbox(tenant_id: UUID) -> None:
    """Tell who follows the tenant's inbox to look at the rows (after the commit). A message that is lost is made up for by their poll."""
    try:
        sync_redis().publish(keys.inbox(tenant_id), CHANGED)
    except RedisError as error:
        logger.warning("a change of reviews was not published", extra={"tenant_id": str(tenant_id), "reason": str(error)})


def publish_gone(tenant_id: UUID, thread_id: UUID, run_ids: Sequence[UUID]) -> None:
    """Tell readers of a thread that it has been deleted (after the commit), and forget what is kept of it and of these runs."""
    names = [name(run_id) for run_id in run_ids for name in (keys.log, keys.listen, keys.stopped)]
    try:
        sync_redis().publish(keys.channel(tenant_id, thread_id), head(None) + pack([Event(0, LAST, END, b"null")]))
        sync_redis().unlink(keys.listen_thread(tenant_id, thread_id), *names)
    except RedisError as error:
        logger.warning("the end of a thread was not published", extra={"thread_id": str(thread_id), "reason": str(error)})
