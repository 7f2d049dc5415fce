"""Following runs through Redis, and through rows where Redis fails."""

import asyncio
from typing import Any

import orjson
import pytest

from runs.models import Run
from runs.streams import hub as hub_module
from runs.streams import keys
from runs.streams.connection import async_redis, sync_redis
from runs.streams.hub import Hub
from runs.streams.publish import Publisher
from runs.streams.read import AccessLost, SlowReader
from runs.streams.rows import LOST
from runs.wire.events import END, REPLAY, End, Event
from tenants.database.threads import in_database
from tenants.models import ApiKey, Tenant
from tests.builders import Person, make_events, make_run, make_thread, now
from tests.runs.streams.conftest import Follow, Follower
from tests.runs.streams.made import EPOCH, entries, numbered, running

ENDING = End("success", b'{"a":1}', None).data()


def ending(n: int) -> list[Event]:
    return [Event(EPOCH, n, END, ENDING)]


async def subscribed(run: Run) -> None:
    """Until a follower of the run is there."""
    async with asyncio.timeout(5):
        while not sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1]:
            await asyncio.sleep(0.005)


def finish(run: Run, **fields: object) -> None:
    Run.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).update(**({"status": "success"} | fields))


def finished(tenant: Tenant, **fields: Any) -> Run:
    return make_run(tenant, make_thread(tenant), **fields)


async def test_creator_sees_all_from_the_log_and_then_live(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    publisher.publish(run, numbered(1, 2))
    await publisher_done(run, 2)
    follower = following(run, after=REPLAY, fresh=True)
    await follower.until(lambda f: len(f.events) == 2)
    publisher.publish(run, numbered(3) + ending(4))
    assert await follower.names() == ["values", "values", "values", END]
    assert [event.n for event in follower.events] == [1, 2, 3, 4]


async def publisher_done(run: Run, n: int) -> None:
    """Until the log holds the run's n-th event."""
    async with asyncio.timeout(5):
        while not any(entry[0].endswith(b"-%d" % n) for entry in entries(run.run_id)):
            await asyncio.sleep(0.005)


async def test_nothing_is_shown_twice(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant, resumable=True)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    publisher.publish(run, numbered(1, 2, 3))
    publisher.publish(run, numbered(2, 3, 4) + ending(5))
    await follower.names()
    assert follower.numbers == [(EPOCH, n) for n in (1, 2, 3, 4)]


async def test_joiner_sees_from_now_on(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    publisher.publish(run, numbered(1, 2))
    await publisher_done(run, 2)
    follower = following(run)
    await subscribed(run)
    publisher.publish(run, numbered(3) + ending(4))
    await follower.names()
    assert follower.numbers == [(EPOCH, 3)]


async def test_joiner_of_an_unstreamed_run_makes_its_worker_listen(tenant: Tenant, following: Follow) -> None:
    run = await in_database(running, tenant, streamed=False)
    told = sync_redis().pubsub()  # type: ignore[no-untyped-call]  # redis-py
    told.subscribe(keys.control("worker-1"))
    told.get_message(timeout=1)
    following(run)
    message = await asyncio.to_thread(told.get_message, timeout=5)
    told.close()
    assert orjson.loads(message["data"]) == {"listen": str(run.run_id)}
    assert 0 < sync_redis().ttl(keys.listen(run.run_id)) <= 15


async def test_joiner_of_a_finished_run_sees_only_the_end(tenant: Tenant, following: Follow) -> None:
    run = await in_database(finished, tenant)
    assert await following(run).names() == [END]


async def test_run_that_ends_before_the_joiner_has_subscribed(tenant: Tenant, following: Follow) -> None:
    run = await in_database(running, tenant)
    await in_database(finish, run)
    assert await following(run).names() == [END]


async def test_finished_resumable_run_is_replayed_from_rows(tenant: Tenant, following: Follow) -> None:
    run = await in_database(finished, tenant, resumable=True, epoch_ms=EPOCH)
    await in_database(make_events, tenant, run, ("metadata", b"{}"), ("values", b"1"), ("values", b"2"))
    follower = following(run, after=(EPOCH, 1))
    assert await follower.names() == ["values", "values", END]
    assert await following(run, after=(EPOCH, 3)).names() == [END]


async def test_finished_resumable_run_without_rows_is_lost(tenant: Tenant, following: Follow) -> None:
    run = await in_database(finished, tenant, resumable=True, epoch_ms=EPOCH)
    assert await following(run, after=REPLAY).names() == [LOST, END]


async def test_gap_of_a_resumable_run_is_filled_from_rows(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant, resumable=True)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    publisher.publish(run, numbered(1))
    publisher.publish(run, numbered(4))
    await follower.until(lambda f: len(f.events) == 1)
    await in_database(make_events, tenant, run, *[("values", b"{}")] * 3)
    await follower.until(lambda f: len(f.events) == 4)
    publisher.publish(run, ending(5))
    await follower.names()
    assert follower.numbers == [(EPOCH, n) for n in (1, 2, 3, 4)]


async def test_gap_of_another_run_is_skipped(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    publisher.publish(run, numbered(1, 4) + ending(5))
    await follower.names()
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 4)]


async def test_new_attempt_starts_at_one_after_the_stored_tail_of_the_old(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant, resumable=True)
    await in_database(make_events, tenant, run, *[("values", b"{}")] * 3, epoch_ms=EPOCH)
    follower = following(run, after=(EPOCH, 1))
    await follower.until(lambda f: len(f.events) == 2)
    publisher.publish(run, [*numbered(1, 2, epoch=EPOCH + 9), Event(EPOCH + 9, 3, END, ENDING)])
    await follower.names()
    assert follower.numbers == [(EPOCH, 2), (EPOCH, 3), (EPOCH + 9, 1), (EPOCH + 9, 2)]


async def test_redis_flushed_in_the_middle_loses_nothing_of_a_resumable_run(
    tenant: Tenant, following: Follow, publisher: Publisher
) -> None:
    run = await in_database(running, tenant, resumable=True)
    await in_database(make_events, tenant, run, *[("values", b"{}")] * 4, epoch_ms=EPOCH)
    publisher.publish(run, numbered(1, 2))
    await publisher_done(run, 2)
    sync_redis().delete(keys.log(run.run_id))
    publisher.publish(run, numbered(3, 4))
    await publisher_done(run, 4)
    follower = following(run, after=REPLAY)
    await follower.until(lambda f: len(f.numbers) == 4)
    publisher.publish(run, ending(5))
    await follower.names()
    assert follower.numbers == [(EPOCH, n) for n in (1, 2, 3, 4)]


async def test_broken_subscription_reads_the_log_again(tenant: Tenant, center: Hub, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    publisher.publish(run, numbered(1))
    await follower.until(lambda f: len(f.events) == 1)
    sync_redis().client_kill_filter(_type="pubsub")
    publisher.publish(run, numbered(2) + ending(3))
    assert await follower.names() == ["values", "values", END]


async def test_end_that_redis_lost_is_found_by_the_poll(tenant: Tenant, center: Hub, following: Follow) -> None:
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    await center.tick()
    await in_database(finish, run, status="error", error={"error": "ValueError", "message": "bad"})
    await center.tick()
    assert await follower.names() == [LOST, END]
    assert End.read(follower.events[-1].data) == End("error", None, {"error": "ValueError", "message": "bad"})


async def test_deleted_run_ends_its_streams(tenant: Tenant, center: Hub, following: Follow) -> None:
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    await in_database(Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).delete)
    await center.tick()
    assert (await follower.names())[-1] == END


async def test_revoked_key_loses_its_streams(owner: Person, tenant: Tenant, center: Hub, following: Follow) -> None:
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True, key_id=owner.actor.key_id)
    await subscribed(run)
    await center.tick()
    assert not follower.task.done()
    await in_database(ApiKey.objects.for_tenant(tenant.tenant_id).update, revoked_at=now())
    await center.tick()
    with pytest.raises(AccessLost):
        await follower.names()


async def test_reader_that_does_not_keep_up_is_cut_off(
    tenant: Tenant, following: Follow, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BUFFER_BYTES", 1000)
    run = await in_database(running, tenant)
    follower = following(run, after=REPLAY, fresh=True)
    await subscribed(run)
    publisher.publish(run, [Event(EPOCH, 1, "values", b'"%b"' % (b"x" * 2000))])
    with pytest.raises(SlowReader):
        await follower.names()


async def test_waiter_gets_only_the_end(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    follower = following(run, fresh=True, end_only=True)
    await subscribed(run)
    publisher.publish(run, numbered(1, 2, 3) + ending(4))
    assert await follower.names() == [END]


async def test_waiter_finds_the_end_that_came_before_it_subscribed(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    publisher.publish(run, ending(1))
    await publisher_done(run, 1)
    assert await following(run, fresh=True, end_only=True).names() == [END]


async def test_silence_is_told_every_heartbeat(tenant: Tenant, following: Follow, settings: object) -> None:
    settings.HEARTBEAT_SECONDS = 0.05  # type: ignore[attr-defined]  # pytest-django's settings
    follower = following(await in_database(running, tenant), after=REPLAY, fresh=True)
    await follower.until(lambda f: f.silences >= 3)


async def test_many_followers_share_one_subscriber_connection(tenant: Tenant, center: Hub, following: Follow, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    followers: list[Follower] = [following(run, after=REPLAY, fresh=True) for _ in range(40)]
    await subscribed(run)
    assert sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1] == 1
    publisher.publish(run, numbered(1) + ending(2))
    assert {tuple(await follower.names()) for follower in followers} == {("values", END)}
    await async_redis().execute(("PING",))  # a turn of the loop, in which the subscriber speaks
    assert _unsubscribed(run)


def _unsubscribed(run: Run) -> bool:
    return bool(sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1] == 0)
