"""One subscriber connection per web process, and the readers it fans out to."""

import asyncio
import logging
from collections import deque
from functools import lru_cache

from django.conf import settings
from django.db import Error

from runs.streams import keys, rows
from runs.streams.connection import Endpoint, RedisDown, Subscriber, async_redis
from runs.streams.rows import Answer, Followed
from runs.wire.events import END, HEAD
from tenants.database.threads import in_database

logger = logging.getLogger(__name__)

BUFFER_BYTES = 8 * 1024 * 1024
LISTEN_SECONDS = 15
_END_LINE = b"\n%b\n" % END.encode()


class Reader:
    """What one follower has been sent and not taken yet. Bounded: who does not keep up is marked slow and loses it all.

    Readers of a run get its packed events; those of a thread those of all its runs, each batch after its head. While `listen` is set in
    Redis, workers send the events of runs that nobody streams.
    """

    __slots__ = (
        "_channel",
        "_chunks",
        "_end_only",
        "_run",
        "_size",
        "_wake",
        "denied",
        "listen",
        "over",
        "polled",
        "ref",
        "reread",
        "slow",
    )

    def __init__(self, ref: Followed, *, listen: str | None = None, end_only: bool = False) -> None:
        self.ref, self.listen = ref, listen
        self._end_only = end_only
        self._channel = keys.channel(ref.tenant_id, ref.thread_id)
        self._run = None if ref.run_id is None else ref.run_id.bytes
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._wake: asyncio.Future[None] | None = None
        self.denied = self.over = self.reread = self.slow = False
        self.polled: Answer | None = None

    @property
    def channel(self) -> str:
        """Where events of its thread are published."""
        return self._channel

    @property
    def has_news(self) -> bool:
        """Whether something has come."""
        return bool(self._chunks)

    def put(self, batch: bytes) -> None:
        """A batch of some run of the thread has come."""
        run = self._run
        if run is not None:
            if not batch.startswith(run):
                return
            chunk = batch[HEAD:]
        else:
            chunk = batch
        if self.slow or (self._end_only and _END_LINE not in chunk):
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > BUFFER_BYTES:
            self.slow = True
            self._chunks.clear()
            logger.warning("a reader was too slow and is cut off", extra=self.ids)
        self.wake()

    def take(self) -> list[bytes]:
        """All that has come since the last call."""
        chunks = list(self._chunks)
        self._chunks.clear()
        self._size = 0
        return chunks

    def told(self, answer: Answer) -> None:
        """The poll has answered."""
        self.polled = answer
        self.denied = self.denied or not answer.access
        if self.ref.run_id is None:
            self.over = self.over or answer.status is None
            self.wake()
            return
        self.over = self.over or answer.status not in rows.ACTIVE
        if self.denied or self.over:
            self.wake()

    @property
    def ids(self) -> dict[str, str]:
        """For logs."""
        return {"thread_id": str(self.ref.thread_id), "run_id": str(self.ref.run_id)}

    def wake(self) -> None:
        """There is something to look at."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Until something has come or been marked, at most so long."""
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None


class Hub:
    """All readers of a process. Every HEARTBEAT_SECONDS one statement asks for all of them whether run and access still stand."""

    def __init__(self, url: str | None = None) -> None:
        endpoint = Endpoint.of(url or settings.REDIS_URL)
        self._subscriber = Subscriber(endpoint, self._message, on_up=self._up, on_down=self._wake_all)
        self._readers: dict[bytes, list[Reader]] = {}
        self._ticking: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """Whether messages arrive."""
        return self._subscriber.up

    def start(self) -> None:
        """Connect ahead of the first reader; harmless when started."""
        self._subscriber.start()
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick_for_ever())

    async def stop(self) -> None:
        """Disconnect; readers end with their next poll elsewhere."""
        if self._ticking is not None:
            self._ticking.cancel()
        await self._subscriber.stop()

    async def add(self, reader: Reader) -> None:
        """Subscribe. Once this returns nothing published is missed, unless Redis is down: then the reader is told to read the log again."""
        self.start()
        self._readers.setdefault(reader.channel.encode(), []).append(reader)
        await self._subscriber.subscribe(reader.channel)
        await self._renew([reader])

    def remove(self, reader: Reader) -> None:
        """Unsubscribe."""
        readers = self._readers.get(reader.channel.encode(), [])
        if reader in readers:
            readers.remove(reader)
        if not readers and self._readers.pop(reader.channel.encode(), None) is not None:
            self._subscriber.unsubscribe(reader.channel)

    async def tick(self) -> None:
        """One poll and one renewal of the `listen` keys."""
        self._subscriber.probe()
        readers = [reader for several in self._readers.values() for reader in several]
        if not readers:
            return
        await self._renew(readers)
        try:
            answers = await in_database(rows.poll, [reader.ref for reader in readers])
        except Error as error:
            logger.warning("the readers' poll failed", extra={"reason": str(error)})
            return
        for reader, answer in zip(readers, answers, strict=True):
            reader.told(answer)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(settings.HEARTBEAT_SECONDS)
            await self.tick()

    async def _renew(self, readers: list[Reader]) -> None:
        if not (listened := {reader.listen for reader in readers if reader.listen is not None}):
            return
        try:
            await async_redis().execute(*[("SET", key, b"1", "EX", LISTEN_SECONDS) for key in sorted(listened)])
        except RedisDown as error:
            logger.warning("workers cannot be told who listens", extra={"reason": str(error)})

    def _message(self, channel: bytes, data: bytes) -> None:
        for reader in self._readers.get(channel, ()):
            reader.put(data)

    def _up(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.reread = True
        self._wake_all()

    def _wake_all(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.wake()


@lru_cache(maxsize=8)
def _hub_of(loop: asyncio.AbstractEventLoop) -> Hub:
    return Hub()


def hub() -> Hub:
    """The running loop's hub."""
    return _hub_of(asyncio.get_running_loop())
