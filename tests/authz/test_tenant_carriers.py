"""Ids of keys, identities, members and audit rows that travel in paths and bodies are checked against the actor's tenant, too"""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tenants.database.context import acting_for
from tenants.models import AuditEvent
from tests.authz.targets import Target, Village


@pytest.fixture
def stranger(village: Village, live: str) -> Iterator[httpx.Client]:
    """An owner of the second tenant."""
    with httpx.Client(base_url=live, headers=village.headers("stranger"), timeout=30) as http:
        yield http


@pytest.fixture
def key(village: Village, stranger: httpx.Client) -> Target:
    """Of the first tenant."""
    return village.target("key of developer", stranger)


@pytest.fixture
def member(village: Village, stranger: httpx.Client) -> Target:
    """Of the first tenant."""
    return village.target("member viewer", stranger)


def test_a_foreign_key_is_no_key(stranger: httpx.Client, village: Village, key: Target) -> None:
    before = village.contents()
    for name in (key.key_id, str(uuid4())):
        for answer in (stranger.delete(f"/tenant/keys/{name}"), stranger.post(f"/tenant/keys/{name}/rotate", json={"overlap_hours": 0})):
            assert (answer.status_code, answer.json()) == (404, {"detail": f"API key {name} not found"})
    assert village.contents() == before


def test_nobody_gets_a_key_that_acts_as_a_foreign_identity(stranger: httpx.Client, village: Village, key: Target) -> None:
    before = village.contents()
    for identity in (key.identity, str(uuid4())):
        answer = stranger.post("/tenant/keys", json={"name": "k", "role": "viewer", "identity": identity})
        assert (answer.status_code, answer.json()) == (404, {"detail": f"Service identity {identity} not found"})
    assert village.contents() == before


def test_a_foreign_member_is_no_member(stranger: httpx.Client, village: Village, member: Target) -> None:
    before = village.contents()
    for name in (member.user_id, str(uuid4())):
        for answer in (stranger.delete(f"/tenant/members/{name}"), stranger.patch(f"/tenant/members/{name}", json={"role": "owner"})):
            assert (answer.status_code, answer.json()) == (404, {"detail": f"Member with user ID {name} not found"})
    assert village.contents() == before


def test_who_is_a_member_of_both_changes_in_one(stranger: httpx.Client, village: Village, live: str) -> None:
    email = f"{uuid4().hex}@example.org"
    ours = httpx.post(f"{live}/tenant/members", json={"email": email, "role": "viewer"}, headers=village.headers("owner")).json()
    theirs = stranger.post("/tenant/members", json={"email": email, "role": "viewer"}).json()
    assert ours["user_id"] == theirs["user_id"]
    assert stranger.patch(f"/tenant/members/{ours['user_id']}", json={"role": "operator"}).json()["role"] == "operator"
    assert stranger.delete(f"/tenant/members/{ours['user_id']}").status_code == 204
    members = httpx.get(f"{live}/tenant/members?limit=1000", headers=village.headers("owner")).json()
    assert [each["role"] for each in members if each["email"] == email] == ["viewer"]


def test_a_foreign_cursor_and_a_foreign_actor_find_nothing_in_the_log(stranger: httpx.Client, village: Village, key: Target) -> None:
    with acting_for(village.tenant.tenant_id):
        row = AuditEvent.objects.for_tenant(village.tenant.tenant_id).get(action="key.create", target_id=key.key_id)
    stranger.post("/tenant/keys", json={"name": "k", "role": "viewer"})
    for body in ({"before": row.id}, {"actor": row.actor}, {"target_id": key.key_id}, {"actor": "' or true --"}):
        assert stranger.post("/tenant/audit/search", json=body).json() == []
    shown = stranger.post("/tenant/audit/search", json={"limit": 1000}).text
    assert key.key_id not in shown and str(village.tenant.tenant_id) not in shown


def test_settings_of_a_tenant_are_its_own(stranger: httpx.Client, village: Village, live: str) -> None:
    stranger.patch("/tenant", json={"name": "Theirs", "settings": {"keys_need_second_person": True}})
    ours = httpx.get(f"{live}/tenant", headers=village.headers("viewer")).json()
    assert (ours["tenant_id"], ours["settings"]["keys_need_second_person"]) == (str(village.tenant.tenant_id), False)
    assert stranger.get("/tenant").json()["name"] == "Theirs"
