"""Connections to Redis."""

import asyncio

import pytest
from django.conf import settings

from runs.streams.connection import Endpoint, Link, RedisDown, Subscriber, async_redis, sync_redis
from runs.streams.hub import Hub


def test_url_is_read_as_redis_py_does() -> None:
    endpoint = Endpoint.of("redis://user:p%40ss@example:7000/3")
    assert endpoint.greeting() == [("AUTH", "user", "p@ss"), ("SELECT", 3)]
    assert (endpoint.host, endpoint.port, endpoint.tls) == ("example", 7000, None)


def test_rediss_url_means_tls() -> None:
    assert Endpoint.of("rediss://example/0").tls is not None


def test_unix_socket_is_refused() -> None:
    with pytest.raises(ValueError, match="Unix sockets"):
        Endpoint.of("unix:///tmp/redis.sock")


async def test_errors_are_values_among_the_replies(center: Hub) -> None:
    replies = await async_redis().execute(("SET", "k", "v"), ("NOPE",), ("GET", "k"))
    assert isinstance(replies[1], Exception)
    assert replies[2] == b"v"


async def test_dead_redis_answers_at_once_after_the_first_attempt() -> None:
    link = Link(Endpoint.of("redis://127.0.0.1:1/0"))
    for _ in range(3):
        with pytest.raises(RedisDown):
            await link.execute(("PING",))
    link.close()


async def test_wrong_password_is_no_connection() -> None:
    link = Link(Endpoint.of(settings.REDIS_URL.replace("redis://", "redis://nobody:wrong@")))
    with pytest.raises(RedisDown):
        await link.execute(("PING",))
    link.close()
    await asyncio.sleep(0)


async def test_subscriber_comes_back_with_its_channels() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    up: asyncio.Queue[None] = asyncio.Queue()
    subscriber = Subscriber(Endpoint.of(settings.REDIS_URL), lambda _, data: heard.put_nowait(data), on_up=lambda: up.put_nowait(None))
    subscriber.start()
    async with asyncio.timeout(5):
        await up.get()
        assert await subscriber.subscribe("there")
        sync_redis().client_kill_filter(_type="pubsub")
        await up.get()
        sync_redis().publish("there", b"again")
        assert await heard.get() == b"again"
    await subscriber.stop()
    await asyncio.sleep(0)


async def test_subscriber_that_hears_nothing_at_all_is_given_up() -> None:
    down = asyncio.Event()
    subscriber = Subscriber(Endpoint.of(settings.REDIS_URL), lambda _, data: None, on_down=down.set)
    subscriber.start()
    assert await subscriber.subscribe("there")
    subscriber.probe()
    subscriber.probe()
    async with asyncio.timeout(5):
        await down.wait()
    await subscriber.stop()
    await asyncio.sleep(0)
