"""Connections to Redis: few, kept, with short timeouts, and never a reason for an accepted request to fail."""

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, cast

import hiredis
from django.conf import settings
from redis import Redis
from redis.connection import parse_url

logger = logging.getLogger(__name__)

read_url: Callable[[str], dict[str, Any]] = parse_url
Command = tuple[Any, ...]
OnMessage = Callable[[bytes, bytes], None]
OnChange = Callable[[], None]
CLOSED_SECONDS = 0.5  # after a failed attempt nobody tries again for so long
BACKOFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
CONNECT_SECONDS = 1.0


class RedisDown(Exception):
    """Redis does not answer, or not in time."""


@cache
def sync_redis() -> "Redis":
    """For code in threads: one pool per process, no retries."""
    seconds = settings.REDIS_TIMEOUT_SECONDS
    return Redis.from_url(settings.REDIS_URL, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Redis is and who we are there."""

    host: str
    port: int
    db: int
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, url: str) -> "Endpoint":
        """Read `redis://` and `rediss://` URLs as redis-py does."""
        parts = read_url(url)
        if "path" in parts:
            raise ValueError("REDIS_URL must be a redis:// or rediss:// URL: Unix sockets are not supported")
        tls = None
        if url.startswith("rediss://"):
            tls = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"))
            if parts.get("ssl_cert_reqs") == "none":
                tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        return cls(
            host=parts.get("host", "localhost"),
            port=parts.get("port", 6379),
            db=parts.get("db", 0),
            username=parts.get("username"),
            password=parts.get("password"),
            tls=tls,
        )

    def greeting(self) -> list[Command]:
        """What a new connection says first."""
        commands: list[Command] = []
        if self.password is not None:
            commands.append(("AUTH", self.username, self.password) if self.username else ("AUTH", self.password))
        if self.db:
            commands.append(("SELECT", self.db))
        return commands


class _Pipeline:
    """Replies that belong together."""

    __slots__ = ("done", "left", "replies")

    def __init__(self, count: int, done: "asyncio.Future[list[Any]]") -> None:
        self.left, self.done = count, done
        self.replies: list[Any] = []


class RedisConnection(asyncio.Protocol):
    """One connection, RESP2 over hiredis: pipelines, or a subscriber if `on_message` is given. Never reconnects."""

    def __init__(self, on_message: OnMessage | None = None) -> None:
        self._parser = hiredis.Reader()
        self._on_message = on_message
        self._pipelines: deque[_Pipeline] = deque()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()
        self.confirmed: dict[bytes, asyncio.Future[None]] = {}
        self.heard = True
        self.paused = False
        self._outbox: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """For asyncio."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """For asyncio."""
        self._transport = None
        for pipeline in self._pipelines:
            if not pipeline.done.done():
                pipeline.done.set_exception(RedisDown("connection lost"))
        self._pipelines.clear()
        for waiting in self.confirmed.values():
            waiting.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """For asyncio."""
        self.paused = True

    def resume_writing(self) -> None:
        """For asyncio."""
        self.paused = False

    def data_received(self, data: bytes) -> None:
        """For asyncio."""
        self.heard = True
        parser, on_message = self._parser, self._on_message
        try:
            parser.feed(data)
            while (reply := parser.gets()) is not False:
                if on_message is not None and type(reply) is list:
                    if reply[0] == b"message":
                        on_message(reply[1], reply[2])
                    elif reply[0] == b"subscribe" and (waiting := self.confirmed.pop(reply[1], None)) and not waiting.done():
                        waiting.set_result(None)
                elif self._pipelines:
                    self._replied(reply)
        except hiredis.ProtocolError:
            logger.exception("Redis sent what is no RESP")
            self.close()

    def _replied(self, reply: Any) -> None:
        pipeline = self._pipelines[0]
        pipeline.replies.append(reply)
        pipeline.left -= 1
        if not pipeline.left:
            self._pipelines.popleft()
            if not pipeline.done.done():
                pipeline.done.set_result(pipeline.replies)

    def send(self, commands: list[Command]) -> "asyncio.Future[list[Any]]":
        """Write them at once; the replies come together, errors among them as values."""
        done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        if self._transport is None:
            done.set_exception(RedisDown("connection lost"))
            return done
        self._pipelines.append(_Pipeline(len(commands), done))
        self.write(commands)
        return done

    def write(self, commands: list[Command]) -> None:
        """Write without expecting replies: what a subscriber says."""
        if self._transport is None:
            return
        if not self._outbox:  # a system call each would cost more than all else: what is said within a turn of the loop goes together
            asyncio.get_running_loop().call_soon(self._flush)
        self._outbox += [hiredis.pack_command(command) for command in commands]

    def _flush(self) -> None:
        packed, self._outbox = b"".join(self._outbox), []
        if self._transport is not None:
            self._transport.write(packed)

    async def subscribe(self, channels: list[bytes]) -> bool:
        """Whether Redis confirmed them in time."""
        last = channels[-1]
        confirmed = self.confirmed.get(last)
        if confirmed is None:
            confirmed = self.confirmed[last] = asyncio.get_running_loop().create_future()
        self.write([("SUBSCRIBE", *channels)])
        done, _ = await asyncio.wait((confirmed,), timeout=settings.REDIS_TIMEOUT_SECONDS)
        return bool(done) and not confirmed.cancelled()

    def close(self) -> None:
        """Close; who waits gets RedisDown."""
        if self._transport is not None:
            self._transport.abort()

    @classmethod
    async def open(cls, endpoint: Endpoint, on_message: OnMessage | None = None) -> "RedisConnection":
        """Connect and introduce ourselves. Raises RedisDown."""
        connection: RedisConnection | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: cls(on_message), endpoint.host, endpoint.port, ssl=endpoint.tls
                )
                if greeting := endpoint.greeting():
                    replies = await connection.send(greeting)
                    if refused := next((reply for reply in replies if isinstance(reply, Exception)), None):
                        raise RedisDown(str(refused))
        except (OSError, RedisDown, TimeoutError) as error:
            if connection is not None:
                connection.close()
            raise RedisDown(str(error) or type(error).__name__) from error
        return connection


class Link:
    """A connection for pipelines that is made anew when needed; one per loop, shared by all its users."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._connection: RedisConnection | None = None
        self._connecting: asyncio.Task[RedisConnection] | None = None
        self._closed_until = 0.0

    @property
    def ready(self) -> RedisConnection | None:
        """The connection if it stands now; else one is on its way, unless the last attempt has just failed."""
        if self._connection is not None and not self._connection.lost.done():
            return self._connection
        self._connect()
        return None

    @property
    def connecting(self) -> bool:
        """Whether a connection is on its way."""
        return self._connecting is not None

    async def execute(self, *commands: Command) -> list[Any]:
        """The replies, errors among them as values. Raises RedisDown within REDIS_TIMEOUT_SECONDS."""
        try:
            async with asyncio.timeout(settings.REDIS_TIMEOUT_SECONDS):
                connection = self.ready
                if connection is None:
                    if self._connecting is None:
                        raise RedisDown("no connection")
                    connection = await asyncio.shield(self._connecting)
                return await connection.send(list(commands))
        except TimeoutError as error:
            raise RedisDown("no answer in time") from error

    def close(self) -> None:
        """Close for good."""
        self._closed_until = float("inf")
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        if self._connecting is None and loop.time() >= self._closed_until:
            self._connecting = loop.create_task(RedisConnection.open(self._endpoint))
            self._connecting.add_done_callback(self._connected)

    def _connected(self, task: "asyncio.Task[RedisConnection]") -> None:
        self._connecting = None
        if task.cancelled():
            return
        if task.exception() is None:
            self._connection = task.result()
        else:
            self._closed_until = max(self._closed_until, asyncio.get_running_loop().time() + CLOSED_SECONDS)


@lru_cache(maxsize=8)
def _link_of(loop: asyncio.AbstractEventLoop) -> Link:
    return Link(Endpoint.of(settings.REDIS_URL))


def async_redis() -> Link:
    """The running loop's connection."""
    return _link_of(asyncio.get_running_loop())


class Subscriber:
    """One subscriber connection that comes back by itself and subscribes again.

    `on_message(channel, data)` runs on the loop; `on_up()` after each connect, when messages may have been missed; `on_down()` when
    it is lost.
    """

    def __init__(self, endpoint: Endpoint, on_message: OnMessage, on_up: OnChange | None = None, on_down: OnChange | None = None) -> None:
        self._endpoint, self._on_message = endpoint, on_message
        self._on_up, self._on_down = on_up, on_down
        self._channels: set[bytes] = set()
        self._connection: RedisConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()

    @property
    def up(self) -> bool:
        """Whether messages arrive."""
        return self._connection is not None

    def start(self) -> None:
        """Connect in the background; harmless when started."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Close for good."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def subscribe(self, channel: str) -> bool:
        """Add a channel; True once Redis has confirmed it, False if it will be when Redis is back."""
        name = channel.encode()
        self._channels.add(name)
        if self._task is not None and not self._tried.is_set():
            await self._tried.wait()
        connection = self._connection
        return connection is not None and await connection.subscribe([name])

    def unsubscribe(self, channel: str) -> None:
        """Drop a channel."""
        name = channel.encode()
        self._channels.discard(name)
        if self._connection is not None:
            self._connection.write([("UNSUBSCRIBE", name)])

    def probe(self) -> None:
        """Called now and then: a connection that has said nothing since the last call is given up."""
        if self._connection is None:
            return
        if not self._connection.heard:
            self._connection.close()
            return
        self._connection.heard = False
        self._connection.write([("PING",)])

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                connection = await RedisConnection.open(self._endpoint, self._on_message)
            except RedisDown as error:
                self._tried.set()
                if not failures:
                    logger.warning("Redis cannot be reached", extra={"reason": str(error)})
                await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)])
                failures += 1
                continue
            failures = 0
            try:
                await self._serve(connection)
            finally:
                self._connection = None
                connection.close()
            if self._on_down is not None:
                self._on_down()

    async def _serve(self, connection: RedisConnection) -> None:
        self._connection = connection
        # Confirmed first: a reader that is told to read the log again must not do so before its messages arrive.
        confirmed = not self._channels or await connection.subscribe(list(self._channels))
        self._tried.set()
        if not confirmed:
            return
        if self._on_up is not None:
            self._on_up()
        await connection.lost
