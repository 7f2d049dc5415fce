"""The websocket of the inbox."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from runs.models import Interrupt
from runs.streams import keys
from runs.streams.connection import sync_redis
from tenants.actors import Role
from tenants.database.threads import in_database
from tenants.models import ApiKey, Tenant
from tests.builders import Person, make_interrupt, make_person, make_thread, now

Json = dict[str, Any]


def inbox(live: str, person: Person, query: str = "") -> connect:
    """The websocket, opened with a key."""
    return connect(f"{live.replace('http', 'ws', 1)}/ws/reviews{query}", additional_headers=person.headers)


async def frame(socket: ClientConnection, seconds: float = 15) -> Json:
    """The next frame."""
    async with asyncio.timeout(seconds):
        found: Json = json.loads(await socket.recv())
    return found


async def change(socket: ClientConnection) -> tuple[str, str, str | None]:
    """The next changed item: its id, status and assignee."""
    (item,) = (await frame(socket))["items"]
    return item["review_id"], item["status"], item["assignee"]


@pytest.fixture
def client(live: str, owner: Person) -> httpx.AsyncClient:
    """The owner's."""
    return httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=30)


def waiting(tenant: Tenant) -> Interrupt:
    """An open item, in rows only."""
    return make_interrupt(tenant, make_thread(tenant))


async def test_an_item_is_followed_from_open_to_closed(live: str, tenant: Tenant, owner: Person, client: httpx.AsyncClient) -> None:
    admin = await in_database(make_person, tenant, Role.ADMIN)
    async with client, inbox(live, owner) as socket:
        first = await frame(socket)
        assert (first["reset"], first["items"], first["more"]) == (True, [], False)
        thread = (await client.post("/threads", json={})).json()["thread_id"]
        await client.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "double"}})
        review, status, _ = await change(socket)
        assert status == "pending"
        await client.post(f"/reviews/{review}/assign", json={"assignee": "me"})
        assert await change(socket) == (review, "pending", owner.actor.identity)
        await client.post(f"/reviews/{review}/decide", json={"decision": "respond", "value": 1})
        seen: dict[str, str] = {}  # answered; then the next question opens, perhaps in the same frame
        while len(seen) < 2:
            seen |= {item["review_id"]: item["status"] for item in (await frame(socket))["items"]}
        assert seen.pop(review) == "resolved"
        assert list(seen.values()) == ["pending"]
        await client.delete(f"/threads/{thread}", headers=admin.headers)
        assert (await change(socket))[:2] == (next(iter(seen)), "discarded")


async def test_the_open_items_come_first(live: str, tenant: Tenant, owner: Person) -> None:
    made = [await in_database(waiting, tenant) for _ in range(3)]
    async with inbox(live, owner) as socket:
        first = await frame(socket)
    assert [item["review_id"] for item in first["items"]] == [str(row.review_id) for row in reversed(made)]
    assert first["items"][0]["title"] == "continue?"


async def test_whoever_comes_back_gets_what_was_missed(live: str, tenant: Tenant, owner: Person, client: httpx.AsyncClient) -> None:
    old = await in_database(waiting, tenant)
    rows = Interrupt.objects.for_tenant(tenant.tenant_id).filter(review_id=old.review_id)
    await in_database(rows.update, created_at="2026-01-01T00:00:00Z")
    async with inbox(live, owner) as socket:
        cursor = (await frame(socket))["cursor"]
    missed = await in_database(waiting, tenant)
    async with inbox(live, owner, f"?cursor={cursor}") as socket:
        back = await frame(socket)
    assert (back["reset"], [item["review_id"] for item in back["items"]]) == (False, [str(missed.review_id)])
    await client.aclose()


async def test_a_change_that_redis_never_told_is_found_by_the_poll(live: str, tenant: Tenant, owner: Person) -> None:
    async with inbox(live, owner) as socket:
        await frame(socket)
        made = await in_database(waiting, tenant)  # committed, published by nobody
        assert (await change(socket))[0] == str(made.review_id)


async def test_nothing_of_another_tenant_is_seen(live: str, tenant: Tenant, owner: Person, stranger: Person) -> None:
    async with inbox(live, stranger) as socket:
        assert (await frame(socket))["items"] == []
        made = await in_database(waiting, tenant)
        await in_database(sync_redis().publish, keys.inbox(stranger.actor.tenant_id), b"1")
        async with inbox(live, owner) as own:
            assert [item["review_id"] for item in (await frame(own))["items"]] == [str(made.review_id)]
        with pytest.raises(TimeoutError):
            await frame(socket, 1)


async def test_revoked_key_loses_its_socket(live: str, tenant: Tenant, owner: Person) -> None:
    async with inbox(live, owner) as socket:
        await frame(socket)
        await in_database(ApiKey.objects.for_tenant(tenant.tenant_id).update, revoked_at=now())
        assert await closed(socket) == 4401


@pytest.mark.parametrize("query", ["?cursor=yesterday", "?cursor=2026-01-01T00:00:00"])
async def test_a_cursor_that_is_none_closes(live: str, owner: Person, query: str) -> None:
    async with inbox(live, owner, query) as socket:
        assert await closed(socket) == 4400


@pytest.mark.parametrize("sent", ["rubbish", '{"action": "decide"}'])
async def test_there_is_nothing_to_say(live: str, owner: Person, sent: str) -> None:
    async with inbox(live, owner) as socket:
        await socket.send(sent)
        assert await closed(socket) == 4400


async def closed(socket: ClientConnection) -> int:
    """The code, after whatever still comes."""
    try:
        while True:
            await frame(socket)
    except ConnectionClosed as end:
        assert end.rcvd is not None
        return end.rcvd.code


def test_channels_of_tenants_differ() -> None:
    assert keys.inbox(UUID(int=1)) != keys.inbox(UUID(int=2))
