"""POST …/runs/stream and GET …/runs/{run_id}/stream: what is on the socket."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from django.db import connection

from runs.models import Run, Thread
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.streams.publish import Publisher
from runs.wire.events import END, End, Event
from tenants.database.threads import in_database
from tenants.models import ApiKey, Tenant
from tests.builders import make_events, make_person, make_run, make_tenant, make_thread, now
from tests.runs.streams.made import EPOCH, numbered, running

ENDING = Event(EPOCH, 99, END, End("success", None, None).data())


def at(run: Run) -> str:
    return f"/threads/{run.thread_id}/runs/{run.run_id}"


@asynccontextmanager
async def opened(http: httpx.AsyncClient, run: Run, query: str = "", **headers: str) -> AsyncIterator[httpx.Response]:
    """A joined stream whose reader has subscribed."""
    async with http.stream("GET", f"{at(run)}/stream{query}", headers=headers) as response:
        async with asyncio.timeout(5):
            while not sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1]:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        yield response


def events(raw: bytes) -> list[str]:
    return re.findall(r"^event: (.*)\r$", raw.decode(), re.MULTILINE)


async def change(run: Run, **fields: object) -> None:
    await in_database(Run.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).update, **fields)


async def test_bytes_are_as_recorded(http: httpx.AsyncClient) -> None:
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    body = {"assistant_id": "slow", "input": {"seconds": 0, "steps": 1, "tick": 0}, "stream_mode": ["values"], "stream_resumable": True}
    response = await http.post(f"/threads/{thread}/runs/stream", json=body)
    run_id = response.headers["content-location"].rpartition("/")[2]
    masked = re.sub(rb"id: \d+-(\d+)\r", rb"id: <\1>\r", response.content)
    assert masked == (
        b'event: metadata\r\ndata: {"run_id":"%b","attempt":1}\r\nid: <1>\r\n\r\n'
        b'event: values\r\ndata: {"seconds":0,"steps":1,"tick":0}\r\nid: <2>\r\n\r\n'
        b'event: values\r\ndata: {"seconds":0,"steps":1,"tick":1}\r\nid: <3>\r\n\r\n' % run_id.encode()
    )
    shown = {
        name: response.headers[name] for name in ("content-type", "location", "content-location", "cache-control", "x-accel-buffering")
    }
    assert shown == {
        "content-type": "text/event-stream; charset=utf-8",
        "location": f"/threads/{thread}/runs/{run_id}/stream",
        "content-location": f"/threads/{thread}/runs/{run_id}",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
    }


async def test_run_row_is_terminal_before_the_stream_closes(http: httpx.AsyncClient) -> None:
    for _ in range(10):
        response = await http.post("/runs/stream", json={"assistant_id": "slow", "input": {"steps": 1}, "on_completion": "keep"})
        run_id = response.headers["content-location"].rpartition("/")[2]
        found = await in_database(Run.objects.filter(run_id=run_id).values_list("status", flat=True).get)
        assert found == "success"


async def test_stateless_stream_names_no_thread(http: httpx.AsyncClient) -> None:
    response = await http.post("/runs/stream", json={"assistant_id": "slow", "input": {"steps": 1}})
    at = response.headers["content-location"]
    assert re.fullmatch(r"/runs/[0-9a-f-]{36}", at)
    assert response.headers["location"] == f"{at}/stream"
    assert b"\nid: " not in response.content


async def test_joiner_chooses_modes_in_every_spelling(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(_finished, tenant)
    for query in ("stream_mode=custom&stream_mode=values", "stream_mode=%5B%22custom%22%2C%22values%22%5D", "stream_mode=custom,values"):
        response = await http.get(f"{at(run)}/stream?{query}", headers={"Last-Event-ID": "-"})
        assert events(response.content) == ["values", "custom", "values|sub:1"]
    one = await http.get(f"{at(run)}/stream?stream_mode=custom", headers={"Last-Event-ID": "-"})
    none = await http.get(f"{at(run)}/stream?stream_mode=updates", headers={"Last-Event-ID": "-1"})
    assert (events(one.content), none.content) == (["custom"], b"")


def _finished(tenant: Tenant) -> Run:
    run = make_run(tenant, make_thread(tenant), resumable=True, epoch_ms=EPOCH)
    make_events(tenant, run, ("metadata", b"{}"), ("values", b"1"), ("custom", b"2"), ("values|sub:1", b"3"), epoch_ms=EPOCH)
    return run


@pytest.mark.parametrize(("last", "shown"), [(f"{EPOCH}-2", 2), ("0", 4), ("rubbish", 0), (None, 0)])
async def test_last_event_id_says_where_to_go_on(http: httpx.AsyncClient, tenant: Tenant, last: str | None, shown: int) -> None:
    run = await in_database(_finished, tenant)
    response = await http.get(f"{at(run)}/stream", headers={"Last-Event-ID": last} if last else {})
    assert len(events(response.content)) == shown


async def test_joiner_of_a_run_without_resumption_sees_neither_ids_nor_metadata(
    http: httpx.AsyncClient, tenant: Tenant, publisher: Publisher
) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run, **{"Last-Event-ID": "-"}) as response:
        publisher.publish(run, [Event(EPOCH, 1, "metadata", b"{}"), *numbered(2), ENDING])
        assert await response.aread() == b'event: values\r\ndata: {"n":2}\r\n\r\n'


async def test_heartbeat_is_a_comment_after_five_seconds(http: httpx.AsyncClient, tenant: Tenant, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run) as response:
        begun = asyncio.get_running_loop().time()
        assert await anext(response.aiter_raw()) == b": heartbeat\r\n\r\n"
        assert 4 < asyncio.get_running_loop().time() - begun < 7


async def test_error_frame_that_redis_lost_comes_from_the_row(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run) as response:
        await change(run, status="error", error={"error": "ValueError", "message": "bad"})
        assert await _read(response) == b'event: error\r\ndata: {"error":"ValueError","message":"bad"}\r\n\r\n'


async def test_lost_stream_ends_with_the_final_values(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run) as response:
        await in_database(Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=run.thread_id).update, values={"final": 1})
        await change(run, status="success")
        assert await _read(response) == b'event: values\r\ndata: {"final":1}\r\n\r\n'


async def _read(response: httpx.Response) -> bytes:
    return (await response.aread()).replace(b": heartbeat\r\n\r\n", b"")


async def test_error_frame_is_shown_once(http: httpx.AsyncClient, tenant: Tenant, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    error = {"error": "ValueError", "message": "bad"}
    async with opened(http, run) as response:
        frame = Event(EPOCH, 2, "error", b'{"error":"ValueError","message":"bad"}')
        publisher.publish(run, [*numbered(1), frame, Event(EPOCH, 3, END, End("error", None, error).data())])
        assert events(await response.aread()) == ["values", "error"]


@pytest.mark.parametrize("kind", ["stream", "join"])
async def test_foreign_and_unknown_runs_do_not_exist(http: httpx.AsyncClient, tenant: Tenant, kind: str) -> None:
    run, stranger = await in_database(_theirs, tenant)
    paths = (at(run), f"/threads/{run.thread_id}/runs/{uuid4()}", f"/threads/{uuid4()}/runs/{run.run_id}")
    answers = [await http.get(f"{path}/{kind}", headers=stranger) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert (await http.get(f"/threads/nope/runs/{run.run_id}/{kind}")).json() == {"detail": "Invalid thread ID: must be a UUID"}


def _theirs(tenant: Tenant) -> tuple[Run, dict[str, str]]:
    return make_run(tenant, make_thread(tenant)), make_person(make_tenant()).headers


async def test_creator_who_leaves_cancels_if_asked_to(http: httpx.AsyncClient) -> None:
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    body = {"assistant_id": "slow", "input": {"seconds": 20, "steps": 2}, "on_disconnect": "cancel"}
    async with http.stream("POST", f"/threads/{thread}/runs/stream", json=body) as response:
        await anext(response.aiter_raw())
    assert await _becomes(http, response.headers["content-location"]) == "interrupted"


async def test_joiner_who_leaves_cancels_only_if_asked_to(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run):
        pass
    async with opened(http, run, "?cancel_on_disconnect=true"):
        assert (await http.get(at(run))).json()["status"] == "running"
    assert await _becomes(http, at(run)) == "interrupted"


async def _becomes(http: httpx.AsyncClient, path: str) -> str:
    """The status once it is no longer active."""
    async with asyncio.timeout(5):
        while (status := (await http.get(path)).json()["status"]) in ("pending", "running"):
            await asyncio.sleep(0.05)
    return str(status)


async def test_revoked_key_ends_its_streams(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    async with opened(http, run) as response:
        await in_database(ApiKey.objects.for_tenant(tenant.tenant_id).update, revoked_at=now())
        assert await _read(response) == b""


async def test_open_streams_hold_no_database_connection(http: httpx.AsyncClient, tenant: Tenant, settings: object) -> None:
    runs = [await in_database(running, tenant) for _ in range(40)]
    async with asyncio.TaskGroup() as group:
        leave = asyncio.Event()
        inside = asyncio.Semaphore(0)

        async def follow(run: Run) -> None:
            async with opened(http, run):
                inside.release()
                await leave.wait()

        for run in runs:
            group.create_task(follow(run))
        for _ in runs:
            await inside.acquire()
        answers = await asyncio.gather(*[http.get(at(run)) for run in runs])
        connections, busy = await in_database(_connections)
        leave.set()
    assert {answer.status_code for answer in answers} == {200}
    assert connections <= 2 * settings.WEB_THREADS  # type: ignore[attr-defined]  # web's and this process's own
    assert busy == 0


def _connections() -> tuple[int, int]:
    """The app role's connections to this database, and those of them in a transaction (our own aside)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(*) filter (where state <> 'idle') from pg_stat_activity"
            " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
        )
        found: tuple[int, int] = cursor.fetchone()
    return found
