"""What web processes and workers tell each other: `{"listen": run_id}` and `{"stop": run_id, "reason": …}`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from redis.exceptions import RedisError

from runs.streams import keys
from runs.streams.connection import Endpoint, RedisDown, Subscriber, async_redis, sync_redis
from runs.wire.events import Published

logger = logging.getLogger(__name__)

Message = dict[str, Any]

STOPPED_SECONDS = 15.0
STOPPED_MILLISECONDS = 20_000
LOOK_SECONDS = 0.02


def listen_message(run_id: UUID) -> Message:
    """Somebody follows this run from now on: its events must leave the worker."""
    return {"listen": str(run_id)}


def stop_message(run_id: UUID, reason: str) -> Message:
    """This run has been ended by a service: stop its task."""
    return {"stop": str(run_id), "reason": reason}


def send(owner: str, message: Message) -> None:
    """Tell a worker, from a thread. A lost message only delays: the heartbeat sees the same."""
    try:
        sync_redis().publish(keys.control(owner), orjson.dumps(message))
    except RedisError as error:
        logger.warning("a worker was not told", extra={"owner": owner, "reason": str(error)})


async def send_soon(owner: str, message: Message) -> None:
    """Tell a worker, from a loop. A lost message only delays: the heartbeat sees the same."""
    try:
        await async_redis().execute(("PUBLISH", keys.control(owner), orjson.dumps(message)))
    except RedisDown as error:
        logger.warning("a worker was not told", extra={"owner": owner, "reason": str(error)})


async def listened(runs: Collection[Published]) -> set[UUID]:
    """Which of these runs somebody follows, or their thread, in one MGET; none if Redis is away."""
    if not runs:
        return set()
    names = [name for run in runs for name in (keys.listen(run.run_id), keys.listen_thread(run.tenant_id, run.thread_id))]
    try:
        (values,) = await async_redis().execute(("MGET", *names))
    except RedisDown:
        return set()
    if isinstance(values, Exception):
        return set()
    return {run.run_id for run, *found in zip(runs, values[::2], values[1::2], strict=True) if any(value is not None for value in found)}


async def report_stopped(run_id: UUID) -> None:
    """Say that a run which a service has ended executes no more. If Redis is away, whoever waits for it stops waiting by itself."""
    try:
        await async_redis().execute(("SET", keys.stopped(run_id), 1, "PX", STOPPED_MILLISECONDS))
    except RedisDown as error:
        logger.warning("nobody was told that a run has stopped", extra={"run_id": str(run_id), "reason": str(error)})


async def stopped(run_id: UUID) -> AsyncGenerator[None, None]:
    """Ends when the worker has reported, at latest after STOPPED_SECONDS; yields after every HEARTBEAT_SECONDS meanwhile."""
    loop = asyncio.get_running_loop()
    began = spoke = loop.time()
    while loop.time() - began < STOPPED_SECONDS and not await _reported(run_id):
        await asyncio.sleep(LOOK_SECONDS)
        if loop.time() - spoke >= settings.HEARTBEAT_SECONDS:
            spoke = loop.time()
            yield


async def _reported(run_id: UUID) -> bool:
    try:
        (found,) = await async_redis().execute(("EXISTS", keys.stopped(run_id)))
    except RedisDown:
        return False
    return bool(found == 1)


class ControlListener:
    """A worker's ear: `on_message(message)` runs on the loop that called `start`. Reconnects by itself; messages meanwhile are lost."""

    def __init__(self, owner: str, on_message: Callable[[Message], None], url: str | None = None) -> None:
        self._channel = keys.control(owner)
        self._on_message = on_message
        self._subscriber = Subscriber(Endpoint.of(url or settings.REDIS_URL), self._heard)

    async def start(self) -> None:
        """Connect in the background."""
        await self._subscriber.subscribe(self._channel)
        self._subscriber.start()

    def probe(self) -> None:
        """Called with each heartbeat: notices a connection that is dead without saying so."""
        self._subscriber.probe()

    async def stop(self) -> None:
        """Disconnect."""
        await self._subscriber.stop()

    def _heard(self, channel: bytes, data: bytes) -> None:
        try:
            message = orjson.loads(data)
        except orjson.JSONDecodeError:
            logger.warning("a control message is no JSON")
            return
        if isinstance(message, dict):
            self._on_message(message)
