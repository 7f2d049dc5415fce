"""Following all runs of a thread, through Redis, and through rows where Redis fails."""

import asyncio
import threading
from typing import Any
from uuid import uuid4

import orjson
import pytest

from runs.models import Run, Thread
from runs.streams import hub as hub_module
from runs.streams import keys, thread_rows
from runs.streams.connection import sync_redis
from runs.streams.hub import Hub
from runs.streams.publish import Publisher, publish_end, publish_gone, publish_update
from runs.streams.read import AccessLost, SlowReader
from runs.streams.thread_rows import ThreadRef
from runs.wire.events import DONE, END, LAST, REPLAY, STATE_UPDATE, Cursor, Event
from tenants.database.threads import in_database
from tenants.models import ApiKey, Tenant
from tests.builders import Person, make_run, make_tenant, make_thread, now
from tests.runs.streams.conftest import Follow, Follower
from tests.runs.streams.made import EPOCH, LATER, change, claimed, ended, finished, idle, numbered, stored


async def listening(thread: Thread) -> None:
    """Until a follower of the thread is there and knows where it stands."""
    async with asyncio.timeout(5):
        while not sync_redis().exists(keys.listen_thread(thread.tenant_id, thread.thread_id)):
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)


def shown(follower: Follower) -> list[tuple[str, Cursor]]:
    return [(event.event, event.cursor) for event in follower.events]


async def test_runs_of_any_kind_are_shown_one_after_the_other(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    first = await in_database(claimed, thread, streamed=False)
    publisher.publish(first, numbered(1, 2) + ended(3))
    await follower.until(lambda f: len(f.events) == 3)
    await in_database(finished, first)
    second = await in_database(claimed, thread, epoch_ms=LATER, resumable=True)
    publisher.publish(second, numbered(1, epoch=LATER) + ended(2, LATER))
    await follower.until(lambda f: len(f.events) == 5)
    assert shown(follower) == [
        ("values", (EPOCH, 1)),
        ("values", (EPOCH, 2)),
        (DONE, (EPOCH, 3)),
        ("values", (LATER, 1)),
        (DONE, (LATER, 2)),
    ]
    told = [orjson.loads(event.data)["run_id"] for event in follower.events if event.event == DONE]
    assert told == [str(first.run_id), str(second.run_id)]


async def test_thread_of_the_same_id_in_another_tenant_is_another(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    publisher.publish(await in_database(_of_a_namesake, thread), numbered(1) + ended(2))
    publisher.publish(await in_database(claimed, thread, epoch_ms=LATER), numbered(1, epoch=LATER))
    await follower.until(lambda f: f.events)
    assert follower.numbers == [(LATER, 1)]


def _of_a_namesake(thread: Thread) -> Run:
    other = make_tenant()
    return make_run(other, make_thread(other, thread_id=thread.thread_id), "running", epoch_ms=EPOCH)


async def test_run_that_began_while_the_reader_was_let_in_is_shown_whole(tenant: Tenant, following: Follow) -> None:
    thread = await in_database(idle, tenant)

    def meanwhile() -> None:
        finished(claimed(thread))
        stored(claimed(thread, epoch_ms=LATER, resumable=True), "metadata", epoch_ms=LATER)

    await in_database(meanwhile)
    follower = following(thread)
    await follower.until(lambda f: len(f.events) == 2)
    assert shown(follower) == [(DONE, (EPOCH, LAST)), ("metadata", (LATER, 1))]


async def test_worker_of_a_run_that_nobody_streams_is_told(tenant: Tenant, following: Follow) -> None:
    thread = await in_database(idle, tenant)
    run = await in_database(claimed, thread, streamed=False)
    told = sync_redis().pubsub()  # type: ignore[no-untyped-call]  # redis-py
    told.subscribe(keys.control("worker-1"))
    told.get_message(timeout=1)
    following(thread)
    message = await asyncio.to_thread(told.get_message, timeout=5)
    told.close()
    assert orjson.loads(message["data"]) == {"listen": str(run.run_id)}


async def test_resumable_runs_are_replayed_in_order_and_then_followed(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)

    def past_and_present() -> Run:
        finished(stored(claimed(thread, resumable=True), "metadata", "values"))
        finished(claimed(thread, epoch_ms=EPOCH + 1))
        return stored(claimed(thread, epoch_ms=LATER, resumable=True), "metadata", epoch_ms=LATER)

    run = await in_database(past_and_present)
    follower = following(thread, after=REPLAY)
    await follower.until(lambda f: len(f.events) == 4)
    publisher.publish(run, numbered(1, 2, epoch=LATER) + ended(3, LATER))
    await follower.until(lambda f: len(f.events) == 6)
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 2), (EPOCH, 3), (LATER, 1), (LATER, 2), (LATER, 3)]
    assert [event.event for event in follower.events].count(DONE) == 2


async def test_replay_goes_on_after_any_event(tenant: Tenant, following: Follow) -> None:
    thread = await in_database(idle, tenant)

    def past() -> None:
        for epoch_ms in (EPOCH, LATER):
            finished(stored(claimed(thread, resumable=True, epoch_ms=epoch_ms), "metadata", "values", epoch_ms=epoch_ms))

    await in_database(past)
    whole = [(EPOCH, 1), (EPOCH, 2), (EPOCH, 3), (LATER, 1), (LATER, 2), (LATER, 3)]
    for at, cursor in enumerate(whole[:-1], 1):
        follower = following(thread, after=cursor)
        await follower.until(lambda f: f.events and f.numbers[-1] == whole[-1])
        assert follower.numbers == whole[at:]


async def test_cancelled_run_is_done_after_all_that_was_stored(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    run = await in_database(claimed, thread, resumable=True)
    publisher.publish(run, numbered(1))
    await follower.until(lambda f: f.events)
    await in_database(stored, run, "values", "values")
    await in_database(finished, run, status="interrupted", cancel_reason="interrupt")
    await in_database(publish_end, run, EPOCH, b"{}")
    await follower.until(lambda f: len(f.events) == 3)
    publisher.publish(run, numbered(3))
    again = following(thread, after=REPLAY)
    await again.until(lambda f: len(f.events) == 3)
    await follower.until(lambda f: f.silences)
    assert follower.numbers == again.numbers == [(EPOCH, 1), (EPOCH, 2), (EPOCH, LAST)]


async def test_gap_of_a_resumable_run_is_filled_and_of_another_skipped(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    other = await in_database(claimed, thread)
    publisher.publish(other, numbered(1, 5) + ended(9))
    await in_database(finished, other)
    run = await in_database(claimed, thread, epoch_ms=LATER, resumable=True)
    publisher.publish(run, numbered(3, epoch=LATER))
    await follower.until(lambda f: len(f.events) == 3)
    await in_database(stored, run, "metadata", "values", "values", epoch_ms=LATER)
    await follower.until(lambda f: len(f.events) == 6)
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 5), (EPOCH, 9), (LATER, 1), (LATER, 2), (LATER, 3)]


async def test_run_of_which_no_message_came_is_found_when_the_next_begins(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    await in_database(lambda: finished(stored(claimed(thread, resumable=True), "metadata", "values")))
    publisher.publish(await in_database(claimed, thread, epoch_ms=LATER), numbered(1, epoch=LATER))
    await follower.until(lambda f: len(f.events) == 4)
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 2), (EPOCH, 3), (LATER, 1)]


async def test_tail_that_a_dead_attempt_stored_comes_before_the_new_one(tenant: Tenant, following: Follow, publisher: Publisher) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    run = await in_database(claimed, thread, resumable=True)
    publisher.publish(run, numbered(1))
    await follower.until(lambda f: f.events)
    await in_database(stored, run, "metadata", "values")
    publisher.publish(run, numbered(1, 2, epoch=LATER))
    await follower.until(lambda f: len(f.events) == 4)
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 2), (LATER, 1), (LATER, 2)]


@pytest.mark.parametrize("resumable", [True, False])
async def test_poll_tells_of_a_run_that_ended_without_a_message(tenant: Tenant, center: Hub, following: Follow, resumable: bool) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    run = await in_database(claimed, thread, resumable=resumable)
    if resumable:
        await in_database(stored, run, "metadata")
    await in_database(finished, run)
    await center.tick()
    await follower.until(lambda f: DONE in [event.event for event in f.events])
    await center.tick()
    await asyncio.sleep(0.7)
    assert follower.numbers == ([(EPOCH, 1), (EPOCH, 2)] if resumable else [(EPOCH, LAST)])


async def test_quiet_thread_is_asked_for_by_the_poll_alone(
    tenant: Tenant, center: Hub, following: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Cursor] = []
    events_after = thread_rows.events_after

    def noted(ref: ThreadRef, after: Cursor) -> tuple[list[Event], bool]:
        asked.append(after)
        return events_after(ref, after)

    monkeypatch.setattr(thread_rows, "events_after", noted)
    thread = await in_database(idle, tenant)
    await in_database(lambda: finished(stored(claimed(thread, resumable=True), "metadata")))
    follower = following(thread, after=(EPOCH, 2))
    await listening(thread)
    counted = []
    for _ in range(3):
        await center.tick()
        await asyncio.sleep(0.6)
        counted.append(len(asked))
    assert len(set(counted)) == 1  # the first poll tells of an idle thread, of which rows then have nothing more; the others nothing new
    assert follower.events == []


async def test_broken_subscription_loses_nothing_of_resumable_runs(
    tenant: Tenant, center: Hub, following: Follow, publisher: Publisher
) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    run = await in_database(claimed, thread, resumable=True)
    publisher.publish(run, numbered(1))
    await follower.until(lambda f: f.events)
    await in_database(stored, run, "values", "values", "values")
    sync_redis().client_kill_filter(_type="pubsub")
    await follower.until(lambda f: len(f.events) == 3)
    await in_database(finished, run)
    publisher.publish(run, ended(4))
    await follower.until(lambda f: len(f.events) == 4)
    assert follower.numbers == [(EPOCH, n) for n in (1, 2, 3, 4)]


@pytest.fixture
def no_redis(settings: Any) -> None:
    """Nothing answers where Redis should be."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


async def test_without_redis_rows_and_the_poll_tell_what_they_can(no_redis: None, tenant: Tenant, center: Hub, following: Follow) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await asyncio.sleep(0.3)  # it has given Redis up and looked at the thread
    await in_database(lambda: finished(claimed(thread)))
    await center.tick()
    await follower.until(lambda f: len(f.events) == 1)
    run = await in_database(claimed, thread, epoch_ms=LATER, resumable=True)
    await center.tick()
    await in_database(stored, run, "metadata", "values", epoch_ms=LATER)
    await follower.until(lambda f: len(f.events) == 3)
    await in_database(finished, run)
    await follower.until(lambda f: len(f.events) == 4)
    assert shown(follower) == [(DONE, (EPOCH, LAST)), ("metadata", (LATER, 1)), ("values", (LATER, 2)), (DONE, (LATER, 3))]


async def test_state_update_is_shown_between_runs_and_to_those_who_want_nothing_else(
    tenant: Tenant, following: Follow, publisher: Publisher
) -> None:
    thread = await in_database(idle, tenant)
    both, one = following(thread), following(thread, updates_only=True)
    await listening(thread)
    run = await in_database(claimed, thread)
    publisher.publish(run, numbered(1) + ended(2))
    await both.until(lambda f: len(f.events) == 2)
    await in_database(publish_update, thread.tenant_id, thread.thread_id, LATER, lambda: b'{"state":{}}')
    for follower in (both, one):
        await follower.until(lambda f: STATE_UPDATE in [event.event for event in f.events])
    assert shown(both)[-1] == (STATE_UPDATE, (LATER, 1))
    assert shown(one) == [(STATE_UPDATE, (LATER, 1))]


async def test_state_update_that_nobody_hears_is_not_made(tenant: Tenant) -> None:
    await in_database(publish_update, tenant.tenant_id, uuid4(), EPOCH, lambda: pytest.fail("nobody listens"))


async def test_deleted_thread_ends_its_streams(tenant: Tenant, center: Hub, following: Follow) -> None:
    told, polled = await in_database(idle, tenant), await in_database(idle, tenant)
    first, second = following(told), following(polled)
    for thread in (told, polled):
        await listening(thread)
    await in_database(publish_gone, told.tenant_id, told.thread_id, [])
    assert await first.names() == [END]
    await in_database(Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=polled.thread_id).delete)
    await center.tick()
    assert await second.names() == [END]


async def test_thread_that_is_gone_before_the_reader_has_subscribed(tenant: Tenant, following: Follow) -> None:
    thread = await in_database(idle, tenant)
    await in_database(change, thread, ended_at=now())
    assert await following(thread).names() == [END]


async def test_revoked_key_loses_its_streams(owner: Person, tenant: Tenant, center: Hub, following: Follow) -> None:
    thread = await in_database(idle, tenant)
    follower = following(thread, key_id=owner.actor.key_id)
    await listening(thread)
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
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    publisher.publish(await in_database(claimed, thread), [Event(EPOCH, 1, "values", b'"%b"' % (b"x" * 2000))])
    with pytest.raises(SlowReader):
        await follower.names()


@pytest.mark.parametrize("seen", [[1, 2], [2], []])
async def test_end_that_the_next_run_has_overtaken_is_told(
    tenant: Tenant, following: Follow, publisher: Publisher, seen: list[int]
) -> None:
    """Each run is another worker's; the first is late with its words."""
    thread = await in_database(idle, tenant)
    follower = following(thread)
    await listening(thread)
    first = await in_database(claimed, thread)
    publisher.publish(first, numbered(*seen))
    await follower.until(lambda f: len(f.events) == len(seen))
    await in_database(finished, first)
    publisher.publish(await in_database(claimed, thread, epoch_ms=LATER), numbered(1, epoch=LATER))
    publisher.publish(first, ended(3))
    await follower.until(lambda f: len(f.events) == len(seen) + 2)
    assert [event.event for event in follower.events[-2:]] == [DONE, "values"]
    publish_update(tenant.tenant_id, thread.thread_id, LATER + 1, lambda: b"{}")
    await follower.until(lambda f: f.events[-1].event == STATE_UPDATE)
    assert [event.event for event in follower.events].count(DONE) == 1


async def test_run_that_began_and_ended_while_the_reader_was_let_in_is_shown_whole(
    tenant: Tenant, following: Follow, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await in_database(idle, tenant)
    standing, let_in = thread_rows.standing, threading.Event()

    def late(ref: ThreadRef) -> thread_rows.Standing | None:
        let_in.wait(5)
        return standing(ref)

    monkeypatch.setattr(thread_rows, "standing", late)
    follower = following(thread)
    await listening(thread)
    run = await in_database(claimed, thread)
    publisher.publish(run, numbered(1, 2) + ended(3))
    await in_database(finished, run)
    await asyncio.sleep(0.05)
    let_in.set()
    await follower.until(lambda f: DONE in [event.event for event in f.events])
    assert follower.numbers == [(EPOCH, 1), (EPOCH, 2), (EPOCH, 3)]
