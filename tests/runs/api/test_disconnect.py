"""Clients who leave before the end, and what becomes of their runs"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from runs.models import Run, Thread
from tenants.actors import Role
from tenants.database.threads import in_database
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, make_person

LONG = {"assistant_id": "slow", "input": {"seconds": 20, "steps": 2, "tick": 0}}
SHORT = {"assistant_id": "slow", "input": {"seconds": 0, "steps": 2, "tick": 0}}
KINDS = ("creator's stream", "creator's wait", "joiner's stream", "joiner's join")


@asynccontextmanager
async def connected(http: httpx.AsyncClient, kind: str, body: dict[str, Any], *, cancels: bool) -> AsyncIterator[httpx.Response]:
    """An answer that is still open, of a run on a new thread."""
    thread = f"/threads/{(await http.post('/threads', json={})).json()['thread_id']}"
    if kind.startswith("creator"):
        wish = {"on_disconnect": "cancel" if cancels else "continue"}
        request = http.stream("POST", f"{thread}/runs/{kind.rpartition(' ')[2]}", json=body | wish)
    else:
        run = (await http.post(f"{thread}/runs", json=body)).json()["run_id"]
        request = http.stream("GET", f"{thread}/runs/{run}/{kind.rpartition(' ')[2]}?cancel_on_disconnect={str(cancels).lower()}")
    async with request as response:
        assert response.status_code == 200
        yield response


async def begun(http: httpx.AsyncClient, run: str) -> None:
    """Until the run executes."""
    async with asyncio.timeout(10):
        while (await http.get(run)).json()["status"] == "pending":
            await asyncio.sleep(0.02)


async def ends(http: httpx.AsyncClient, run: str) -> dict[str, Any]:
    """The run's row once it is no longer active."""
    async with asyncio.timeout(10):
        while (row := (await http.get(run)).json())["status"] in ("pending", "running"):
            await asyncio.sleep(0.02)
    return dict(row)


@pytest.mark.parametrize("kind", KINDS)
async def test_who_leaves_cancels_if_they_have_asked_to(http: httpx.AsyncClient, tenant: Tenant, owner: Person, kind: str) -> None:
    async with connected(http, kind, LONG, cancels=True) as response:
        run = response.headers["content-location"]
        await begun(http, run)
    row = await ends(http, run)
    assert (row["status"], row["cancel_reason"]) == ("interrupted", "disconnect")
    assert (await http.get(f"/threads/{row['thread_id']}")).json()["error"]["message"] == "the client disconnected"
    audited = AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.cancel", target_id=row["run_id"])
    assert await in_database(lambda: list(audited.values_list("actor", flat=True))) == [owner.actor.identity]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_leaves_without_having_asked_changes_nothing(http: httpx.AsyncClient, kind: str) -> None:
    async with connected(http, kind, LONG, cancels=False) as response:
        run = response.headers["content-location"]
        await begun(http, run)
    async with connected(http, kind, LONG, cancels=True) as response:
        another = response.headers["content-location"]
    await ends(http, another)  # by then the first one's leaving has been noticed, too
    assert (await http.get(run)).json()["status"] == "running"
    await http.post(f"{run}/cancel")


@pytest.mark.parametrize("kind", KINDS)
async def test_who_reads_to_the_end_cancels_nothing(http: httpx.AsyncClient, kind: str) -> None:
    async with connected(http, kind, SHORT, cancels=True) as response:
        await response.aread()
    row = await ends(http, response.headers["content-location"])
    assert row["status"] == "success"
    assert "cancel_reason" not in row


@pytest.mark.parametrize("route", ["stream", "wait"])
async def test_creator_who_leaves_before_the_answer_begins_cancels_too(live: str, tenant: Tenant, owner: Person, route: str) -> None:
    url = httpx.URL(live)
    body = orjson.dumps(LONG | {"on_disconnect": "cancel", "if_not_exists": "create", "on_completion": "keep"})
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /runs/%b HTTP/1.1\r\nHost: x\r\nX-Api-Key: %b\r\n" % (route.encode(), owner.key.encode()))
    writer.write(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    writer.close()
    await writer.wait_closed()
    runs = Run.objects.for_tenant(tenant.tenant_id).values_list("status", flat=True)
    async with asyncio.timeout(10):
        while await in_database(lambda: list(runs.all())) != ["interrupted"]:
            await asyncio.sleep(0.02)


async def test_creator_of_a_stateless_stream_who_leaves_cancels(http: httpx.AsyncClient, tenant: Tenant) -> None:
    async with http.stream("POST", "/runs/stream", json=LONG | {"on_disconnect": "cancel"}) as response:
        await anext(response.aiter_raw())
    hidden = Thread.objects.for_tenant(tenant.tenant_id).exclude(ended_at=None)
    async with asyncio.timeout(10):
        while not await in_database(hidden.exists):
            await asyncio.sleep(0.02)


async def test_who_may_not_cancel_may_not_ask_for_it(http: httpx.AsyncClient, tenant: Tenant) -> None:
    viewer = await in_database(make_person, tenant, Role.VIEWER)
    async with connected(http, "joiner's stream", LONG, cancels=False) as response:
        run = response.headers["content-location"]
        for kind in ("stream", "join"):
            refused = await http.get(f"{run}/{kind}?cancel_on_disconnect=true", headers=viewer.headers)
            assert refused.status_code == 403
    await http.post(f"{run}/cancel")
