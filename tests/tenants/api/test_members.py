"""GET and POST /tenant/members, PATCH and DELETE /tenant/members/{user_id}."""

from collections.abc import Iterator

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import make_person, new_address


@pytest.fixture
def admin(live: str, tenant: Tenant) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live, headers=make_person(tenant, Role.ADMIN).headers, timeout=30) as http:
        yield http


def test_a_member_comes_gets_another_role_and_goes(admin: httpx.Client) -> None:
    email = new_address()
    added = admin.post("/tenant/members", json={"email": f" {email.upper()}", "role": "viewer", "name": "Ann"}).json()
    assert {name: added[name] for name in ("email", "role", "name")} == {"email": email, "role": "viewer", "name": "Ann"}
    assert admin.get("/tenant/members").json() == [added]
    path = f"/tenant/members/{added['user_id']}"
    assert admin.patch(path, json={"role": "reviewer"}).json() == added | {"role": "reviewer"}
    assert admin.delete(path).status_code == 204
    assert admin.get("/tenant/members").json() == []
    assert admin.delete(path).json() == {"detail": f"Member with user ID {added['user_id']} not found"}


def test_somebody_twice_is_a_conflict(admin: httpx.Client) -> None:
    body = {"email": new_address(), "role": "viewer"}
    assert [admin.post("/tenant/members", json=body).status_code for _ in range(2)] == [200, 409]


def test_the_last_owner_stays(admin: httpx.Client, live: str, tenant: Tenant) -> None:
    headers = make_person(tenant, Role.OWNER).headers
    made = admin.post("/tenant/members", json={"email": new_address(), "role": "owner"}, headers=headers).json()
    for answer in (
        admin.patch(f"/tenant/members/{made['user_id']}", json={"role": "admin"}, headers=headers),
        admin.delete(f"/tenant/members/{made['user_id']}", headers=headers),
    ):
        assert (answer.status_code, "last owner" in answer.json()["detail"]) == (409, True)


def test_lists_come_in_pages(admin: httpx.Client) -> None:
    emails = sorted(admin.post("/tenant/members", json={"email": new_address(), "role": "viewer"}).json()["email"] for _ in range(3))
    first = admin.get("/tenant/members?limit=2")
    assert [row["email"] for row in first.json()] == emails[:2]
    assert first.headers["x-pagination-next"] == "2"
    assert [row["email"] for row in admin.get("/tenant/members?limit=2&offset=2").json()] == emails[2:]


@pytest.mark.parametrize(
    "body", [{}, {"email": "x", "role": "viewer"}, {"email": "a@example.org", "role": "king"}, {"email": "a@example.org"}]
)
def test_odd_members_are_refused(admin: httpx.Client, body: dict[str, str]) -> None:
    assert admin.post("/tenant/members", json=body).status_code == 422
