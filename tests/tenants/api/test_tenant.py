"""GET and PATCH /tenant."""

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import Person, make_person

SETTINGS = {"owner_answers": ["question", "form"], "keys_need_second_person": False, "members_need_second_person": True}


@pytest.fixture
def root(tenant: Tenant) -> Person:
    """An owner."""
    return make_person(tenant, Role.OWNER)


def test_who_am_i(live: str, tenant: Tenant, colleague: Person) -> None:
    found = httpx.get(f"{live}/tenant", headers=colleague.headers).json()
    assert (found["tenant_id"], found["slug"], found["name"]) == (str(tenant.tenant_id), tenant.slug, tenant.name)
    assert found["settings"] == SETTINGS
    assert found["limits"] == {"body_bytes": 10_485_760, "json_depth": 64, "page_rows": 1000, "key_days": 36_500}
    me = found["me"]
    assert (me["identity"], me["kind"], me["role"], me["key_id"]) == (
        colleague.actor.identity,
        "key",
        "operator",
        str(colleague.actor.key_id),
    )
    assert "run.create" in me["permissions"] and "tenant.write" not in me["permissions"]


def test_an_owner_changes_settings_and_everybody_sees_them(live: str, root: Person, colleague: Person) -> None:
    changed = httpx.patch(f"{live}/tenant", json={"name": "New", "settings": {"owner_answers": []}}, headers=root.headers)
    assert changed.status_code == 200
    found = httpx.get(f"{live}/tenant", headers=colleague.headers).json()
    assert (found["name"], found["settings"]) == ("New", SETTINGS | {"owner_answers": []})
    assert changed.json() | {"me": found["me"]} == found


def test_the_refusal_names_the_permission(live: str, owner: Person) -> None:
    answer = httpx.patch(f"{live}/tenant", json={"name": "Mine"}, headers=owner.headers)
    assert (answer.status_code, "tenant.write" in answer.json()["detail"]) == (403, True)


def test_kinds_that_are_left_to_owners_are_answered_by_them(live: str, root: Person, colleague: Person) -> None:
    """The setting reaches those who resume: an operator answers a question of their own thread, until the tenant says otherwise."""
    with httpx.Client(base_url=live, headers=colleague.headers, timeout=30) as http:
        thread = f"/threads/{http.post('/threads', json={}).json()['thread_id']}"
        http.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "single"}})
        body = {"assistant_id": "approval", "command": {"resume": "yes"}}
        httpx.patch(f"{live}/tenant", json={"settings": {"owner_answers": []}}, headers=root.headers)
        assert http.post(f"{thread}/runs/wait", json=body).status_code == 403
        httpx.patch(f"{live}/tenant", json={"settings": {"owner_answers": ["question", "tool_approval", "form"]}}, headers=root.headers)
        assert http.post(f"{thread}/runs/wait", json=body).status_code == 200
