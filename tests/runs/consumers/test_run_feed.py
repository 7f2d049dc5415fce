"""The websocket of a run."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from runs.models import Run
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.streams.publish import Publisher
from runs.wire.events import END, End, Event
from tenants.actors import Role
from tenants.database.threads import in_database
from tenants.models import ApiKey, AuditEvent, Tenant
from tests.builders import Person, make_events, make_person, make_run, make_thread, now
from tests.runs.streams.made import EPOCH, numbered, running

ENDING = Event(EPOCH, 99, END, End("success", None, None).data())


def feed(live: str, run: Run, person: Person, query: str = "") -> connect:
    """The run's websocket, opened with a key."""
    url = f"{live.replace('http', 'ws', 1)}/ws/threads/{run.thread_id}/runs/{run.run_id}{query}"
    return connect(url, additional_headers=person.headers)


async def subscribed(run: Run) -> None:
    async with asyncio.timeout(5):
        while not sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1]:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def rest(socket: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """All frames until it is closed, and the code."""
    frames: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(15):
            while True:
                frames.append(json.loads(await socket.recv()))
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return frames, closed.rcvd.code


async def test_frames_have_ids_and_the_socket_closes_after_the_last(live: str, tenant: Tenant, owner: Person, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    async with feed(live, run, owner) as socket:
        await subscribed(run)
        publisher.publish(run, [*numbered(2, 3), ENDING])
        frames, code = await rest(socket)
    assert frames == [{"id": f"{EPOCH}-{n}", "event": "values", "data": {"n": n}} for n in (2, 3)]
    assert code == 1000


async def test_resumable_run_goes_on_after_the_last_id(live: str, tenant: Tenant, owner: Person) -> None:
    run = await in_database(_finished, tenant)
    async with feed(live, run, owner, f"?last_event_id={EPOCH}-1") as socket:
        frames, _ = await rest(socket)
    assert [frame["id"] for frame in frames] == [f"{EPOCH}-2", f"{EPOCH}-3"]


def _finished(tenant: Tenant) -> Run:
    run = make_run(tenant, make_thread(tenant), resumable=True, epoch_ms=EPOCH)
    make_events(tenant, run, ("metadata", b"{}"), ("values", b"1"), ("values", b"2"), epoch_ms=EPOCH)
    return run


async def test_cancel_ends_the_run(live: str, tenant: Tenant, owner: Person) -> None:
    run = await in_database(running, tenant)
    async with feed(live, run, owner) as socket:
        await subscribed(run)
        await socket.send('{"action": "cancel"}')
        assert await rest(socket) == ([], 1000)
    found = await in_database(Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).values_list("status", flat=True).get)
    assert found == "interrupted"


async def test_viewer_is_told_that_they_may_not_cancel(live: str, tenant: Tenant) -> None:
    run, viewer = await in_database(running, tenant), await in_database(make_person, tenant, Role.VIEWER)
    async with feed(live, run, viewer) as socket:
        await socket.send('{"action": "cancel"}')
        frame = json.loads(await socket.recv())
    assert (frame["event"], frame["data"]["error"]) == ("error", "NotAllowed")
    refusals = AuditEvent.objects.for_tenant(tenant.tenant_id).filter(actor=viewer.actor.identity)
    told = await in_database(list, refusals.values_list("action", "target_id", "address"))
    assert told == [("run.cancel", str(run.run_id), "127.0.0.1")]


@pytest.mark.parametrize("sent", ["rubbish", "[]", '{"action": "dance"}', b"\x00"])
async def test_message_that_makes_no_sense_closes(live: str, tenant: Tenant, owner: Person, sent: str | bytes) -> None:
    run = await in_database(running, tenant)
    async with feed(live, run, owner) as socket:
        await socket.send(sent)
        assert await rest(socket) == ([], 4400)


async def test_revoked_key_loses_its_socket(live: str, tenant: Tenant, owner: Person) -> None:
    run = await in_database(running, tenant)
    async with feed(live, run, owner) as socket:
        await subscribed(run)
        await in_database(ApiKey.objects.for_tenant(tenant.tenant_id).update, revoked_at=now())
        assert await rest(socket) == ([], 4401)


async def test_address_without_a_websocket_is_closed_with_4404(live: str) -> None:
    async with connect(f"{live.replace('http', 'ws', 1)}/ws/nowhere") as socket:
        assert await rest(socket) == ([], 4404)


async def test_malformed_path_does_not_exist(live: str, tenant: Tenant, owner: Person) -> None:
    async with connect(f"{live.replace('http', 'ws', 1)}/ws/threads/x/runs/y", additional_headers=owner.headers) as socket:
        assert await rest(socket) == ([], 4404)
