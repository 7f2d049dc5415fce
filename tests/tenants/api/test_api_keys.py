"""GET and POST /tenant/keys, DELETE /tenant/keys/{key_id}, POST /tenant/keys/{key_id}/rotate."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import make_person, now
from tests.waiting import until

ROW = {
    "key_id", "identity", "name", "role", "prefix", "last_four", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at",
}  # fmt: skip


@pytest.fixture
def admin(live: str, tenant: Tenant) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live, headers=make_person(tenant, Role.ADMIN).headers, timeout=30) as http:
        yield http


def make(http: httpx.Client, **body: Any) -> Any:
    """A new key, with its secret."""
    answer = http.post("/tenant/keys", json={"name": "import", "role": "operator"} | body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def status_of(http: httpx.Client, secret: str) -> int:
    """What the key gets."""
    return http.get("/tenant", headers={"X-Api-Key": secret}).status_code


def test_a_new_key_works_and_its_secret_is_shown_once(admin: httpx.Client) -> None:
    made = make(admin, days=1)
    assert set(made) == ROW | {"key"}
    assert made["expires_at"][:10] == (now() + timedelta(days=1)).date().isoformat()
    me = admin.get("/tenant", headers={"X-Api-Key": made["key"]}).json()["me"]
    assert (me["identity"], me["role"], me["key_id"]) == (f"key:{made['identity']}", "operator", made["key_id"])
    listed = admin.get("/tenant/keys")
    assert listed.json()[0] == {name: made[name] for name in ROW} | {"last_used_at": listed.json()[0]["last_used_at"]}
    assert listed.json()[0]["last_used_at"]
    assert made["key"][20:-4] not in listed.text
    assert made["key"].startswith(made["prefix"]) and made["key"].endswith(made["last_four"])


def test_a_revoked_key_stops_within_a_second_and_stays_listed(admin: httpx.Client) -> None:
    made = make(admin)
    assert status_of(admin, made["key"]) == 200
    assert admin.delete(f"/tenant/keys/{made['key_id']}").status_code == 204
    until("the key is refused", lambda: status_of(admin, made["key"]) == 401, 1.5)
    assert admin.delete(f"/tenant/keys/{made['key_id']}").status_code == 204
    assert admin.get("/tenant/keys").json()[0]["revoked_at"]


def test_a_rotation_leaves_both_for_a_day_unless_told_otherwise(admin: httpx.Client) -> None:
    old = make(admin)
    answer = admin.post(f"/tenant/keys/{old['key_id']}/rotate")
    new = answer.json()
    assert (answer.headers["cache-control"], new["identity"], new["role"]) == ("no-store", old["identity"], "operator")
    assert status_of(admin, old["key"]) == status_of(admin, new["key"]) == 200
    rows = {row["key_id"]: row for row in admin.get("/tenant/keys").json()}
    left = datetime.fromisoformat(rows[old["key_id"]]["expires_at"]) - now()
    assert timedelta(hours=23) < left < timedelta(hours=24)
    assert admin.post(f"/tenant/keys/{new['key_id']}/rotate", json={"overlap_hours": 0}).status_code == 200
    until("the key is refused", lambda: status_of(admin, new["key"]) == 401, 1.5)
    assert admin.post(f"/tenant/keys/{new['key_id']}/rotate", json={}).status_code == 409


def test_lists_come_in_pages(admin: httpx.Client) -> None:
    names = [make(admin, name=f"key {n}")["name"] for n in range(3)][::-1]
    first = admin.get("/tenant/keys?limit=2")
    assert [row["name"] for row in first.json()] == names[:2]
    assert (first.headers["x-pagination-next"], first.headers["x-pagination-total"]) == ("2", "3")
    last = admin.get("/tenant/keys?limit=2&offset=2")
    assert [row["name"] for row in last.json()] == [names[2], "admin of a test"]
    assert "x-pagination-next" not in last.headers


@pytest.mark.parametrize(("query", "status"), [("limit=x", 400), ("limit=0", 422), ("limit=1001", 422), ("offset=-1", 422)])
def test_odd_pages_are_refused(admin: httpx.Client, query: str, status: int) -> None:
    assert admin.get(f"/tenant/keys?{query}").status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "k"},
        {"name": "k", "role": "king"},
        {"name": "", "role": "viewer"},
        {"name": "k", "role": "viewer", "days": 0},
        {"name": "k", "role": "viewer", "days": 36_501},
        {"name": "k", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "k", "role": "viewer", "expires_at": "2099-01-01T00:00:00"},
        {"name": "k", "role": "viewer", "expires_at": "9999-12-31T23:59:59-23:59"},
        {"name": "k", "role": "viewer", "expires_at": "soon"},
        {"name": "k", "role": "viewer", "days": 1, "expires_at": "2099-01-01T00:00:00Z"},
        {"name": "k", "role": "viewer", "identity": "me"},
        {"name": "k", "role": "viewer", "scopes": ["all"]},
    ],
)
def test_odd_keys_are_refused(admin: httpx.Client, body: Any) -> None:
    assert admin.post("/tenant/keys", json=body).status_code == 422


def test_an_id_that_is_none_is_told(admin: httpx.Client) -> None:
    assert admin.delete("/tenant/keys/nope").json() == {"detail": "Invalid key ID: must be a UUID"}
