"""POST …/runs/wait and GET …/runs/{run_id}/join."""

import asyncio

import httpx

from runs.models import Run, Thread
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.streams.publish import Publisher
from runs.wire.events import END, End, Event
from tenants.database.threads import in_database
from tenants.models import Tenant
from tests.runs.api.test_stream_run import at, change
from tests.runs.streams.made import EPOCH, running


async def joined(http: httpx.AsyncClient, run: Run, query: str = "") -> "asyncio.Task[httpx.Response]":
    """A request for the run's result that waits."""
    request = asyncio.create_task(http.get(f"{at(run)}/join{query}"))
    async with asyncio.timeout(5):
        while not sync_redis().pubsub_numsub(keys.channel(run.tenant_id, run.thread_id))[0][1]:
            await asyncio.sleep(0.01)
    return request


async def test_wait_names_where_to_join(http: httpx.AsyncClient) -> None:
    response = await http.post("/runs/wait", json={"assistant_id": "slow", "input": {"seconds": 0, "steps": 1}})
    at = response.headers["content-location"]
    assert response.headers["location"] == f"{at}/join"
    assert at.startswith("/threads/")
    assert (response.headers["content-type"], response.headers["transfer-encoding"]) == ("application/json", "chunked")
    assert response.json() == {"seconds": 0, "steps": 1, "tick": 1}


async def test_body_comes_with_the_end(http: httpx.AsyncClient, tenant: Tenant, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    request = await joined(http, run)
    publisher.publish(run, [Event(EPOCH, 1, END, End("success", b'{"b":1,"a":2}', None).data())])
    assert (await request).content == b'{"b":1,"a":2}'


async def test_body_too_large_to_travel_comes_from_the_rows(http: httpx.AsyncClient, tenant: Tenant, publisher: Publisher) -> None:
    run = await in_database(running, tenant)
    request = await joined(http, run)
    await in_database(Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=run.thread_id).update, values={"a": "x" * 300_000})
    await change(run, status="success")
    publisher.publish(run, [Event(EPOCH, 1, END, End("success", None, None).data())])
    assert len((await request).json()["a"]) == 300_000


async def test_lost_end_is_found_and_line_breaks_keep_the_connection(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    async with http.stream("GET", f"{at(run)}/join") as response:
        parts = response.aiter_raw()
        assert await anext(parts) == b"\n"
        await change(run, status="error", error={"error": "ValueError", "message": "bad"})
        body = b"".join([part async for part in parts])
    assert body.lstrip(b"\n") == b'{"__error__":{"error":"ValueError","message":"bad"}}'


async def test_finished_run_answers_at_once(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    await in_database(Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=run.thread_id).update, values={"a": 1})
    await change(run, status="success")
    assert (await http.get(f"{at(run)}/join")).json() == {"a": 1}


async def test_deleted_run_is_told(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    request = await joined(http, run)
    await in_database(Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).delete)
    assert (await request).json() == {"__error__": {"error": "HTTPException", "message": "404: Run not found"}}


async def test_waiter_who_leaves_cancels_if_asked_to(http: httpx.AsyncClient, tenant: Tenant) -> None:
    run = await in_database(running, tenant)
    request = await joined(http, run, "?cancel_on_disconnect=1")
    request.cancel()
    async with asyncio.timeout(5):
        while (await http.get(at(run))).json()["status"] != "interrupted":
            await asyncio.sleep(0.05)
