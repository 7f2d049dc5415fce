"""Events on their way out of a worker."""

import asyncio
import logging

import pytest

from runs.streams import keys
from runs.streams.connection import async_redis, sync_redis
from runs.streams.hub import Hub
from runs.streams.publish import Publisher, publish_end
from runs.streams.rows import RunRef
from runs.wire.events import END, Event, unpack
from tests.runs.streams.made import EPOCH, entries, numbered, reference


def logged(run: RunRef) -> list[Event]:
    return unpack(b"".join(fields[b"d"] for _, fields in entries(run.run_id)))


async def test_events_are_logged_in_order_under_the_id_of_the_last(center: Hub, publisher: Publisher) -> None:
    run = reference()
    publisher.publish(run, numbered(1, 2))
    publisher.publish(run, numbered(3))
    await publisher.close()
    assert [event.n for event in logged(run)] == [1, 2, 3]
    assert entries(run.run_id)[-1][0] == f"{EPOCH}-3".encode()


async def test_log_of_a_running_run_lives_ten_minutes_and_two_after_the_end(center: Hub, publisher: Publisher) -> None:
    run = reference()
    publisher.start()
    await async_redis().execute(("PING",))
    publisher.publish(run, numbered(1))
    await asyncio.sleep(0.05)
    while_running = sync_redis().ttl(keys.log(run.run_id))
    publisher.publish(run, numbered(2, name=END))
    await publisher.close()
    assert (while_running, sync_redis().ttl(keys.log(run.run_id))) == (600, 120)


async def test_end_that_nobody_streamed_is_kept_briefly(publisher: Publisher) -> None:
    run = reference()
    publisher.publish(run, numbered(1, name=END))
    await asyncio.sleep(0.05)
    await publisher.close()
    assert 0 < sync_redis().ttl(keys.log(run.run_id)) <= 15


async def test_without_redis_events_are_dropped_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher("redis://127.0.0.1:1/0")
    with caplog.at_level(logging.WARNING, "runs.streams.publish"):
        for n in range(1, 50):
            publisher.publish(reference(), numbered(n))
            await asyncio.sleep(0.002)
    await publisher.close()
    assert [record.message for record in caplog.records] == ["events are dropped until Redis answers"]


async def test_events_reach_redis_again_after_its_connection_broke(center: Hub, publisher: Publisher) -> None:
    first, second = reference(), reference()
    publisher.publish(first, numbered(1))
    async with asyncio.timeout(5):
        while not logged(first):
            await asyncio.sleep(0.01)
        sync_redis().client_kill_filter(_type="normal", skipme=True)
        n = 0
        while not logged(second):
            publisher.publish(second, numbered(n := n + 1))
            await asyncio.sleep(0.01)


async def test_service_ends_a_stream_above_whatever_was_logged(center: Hub, publisher: Publisher) -> None:
    run = reference()
    publisher.publish(run, numbered(1, 2, epoch=9_000_000_000_000))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(publish_end, run, 9_000_000_000_000, b"{}")
    publisher.publish(run, numbered(3, epoch=8_000_000_000_000))
    await publisher.close()
    assert [event.event for event in logged(run)] == ["values", "values", END]
