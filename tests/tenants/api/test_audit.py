"""POST /tenant/audit/search."""

from collections.abc import Iterator

import httpx
import orjson
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import Person, make_person


@pytest.fixture
def admin(live: str, tenant: Tenant) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live, headers=make_person(tenant, Role.ADMIN).headers, timeout=30) as http:
        yield http


def test_what_was_done_and_what_was_refused_is_found(admin: httpx.Client, colleague: Person) -> None:
    made = admin.post("/tenant/keys", json={"name": "import", "role": "viewer"}, headers={"X-Request-Id": "r-17"}).json()
    path = f"/tenant/keys/{made['key_id']}"
    assert admin.delete(path, headers=colleague.headers).status_code == 403
    refused, created = admin.post("/tenant/audit/search", json={"target_id": made["key_id"]}).json()
    assert (created["action"], created["request_id"], created["address"]) == ("key.create", "r-17", "127.0.0.1")
    assert created["after"]["name"] == "import"
    assert (refused["actor"], refused["action"], "role 'operator'" in refused["after"]["refused"]) == (
        colleague.actor.identity,
        "key.write",
        True,
    )
    assert made["key"][20:-4] not in str([refused, created])


def test_pages_are_followed_by_the_header(admin: httpx.Client) -> None:
    for n in range(5):
        admin.post("/tenant/keys", json={"name": f"key {n}", "role": "viewer"})
    names, body = [], {"limit": 2, "action": "key.create"}
    while True:
        page = admin.post("/tenant/audit/search", json=body)
        names += [row["after"]["name"] for row in page.json()]
        if "x-pagination-next" not in page.headers:
            break
        body["before"] = int(page.headers["x-pagination-next"])
    assert names[:5] == [f"key {n}" for n in range(4, -1, -1)]
    assert len(names) == len(set(names))


def test_an_export_is_the_whole_log_line_by_line_and_stands_in_it(admin: httpx.Client) -> None:
    for n in range(3):
        admin.post("/tenant/keys", json={"name": f"key {n}", "role": "viewer"})
    answer = admin.get("/tenant/audit/export?target_type=api_key&since=2020-01-01T00:00:00Z")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/x-ndjson", "no-store")
    rows = [orjson.loads(line) for line in answer.text.splitlines()]
    assert rows == admin.post("/tenant/audit/search", json={"target_type": "api_key", "limit": 100}).json()
    assert len(rows) >= 3
    (event,) = admin.post("/tenant/audit/search", json={"action": "audit.export"}).json()
    assert event["after"] == {"target_type": "api_key", "since": "2020-01-01T00:00:00+00:00"}
    assert admin.get("/tenant/audit/export?since=now").status_code == 422
