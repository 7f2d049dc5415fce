"""Who is calling."""

import pytest

from tenants.models import Tenant
from tests.builders import Person
from tests.tenants.api.conftest import Send

PATH = "/threads/0195c0de-0000-7000-8000-000000000000"


def test_the_key_is_taken_from_either_header(send: Send, person: Person) -> None:
    assert send("GET", PATH).status_code == 200
    for scheme in ("Bearer", "bearer"):
        assert send("GET", PATH, X_Api_Key="", Authorization=f"{scheme} {person.key}").status_code == 200


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "Bearer "])
def test_no_key_is_401(send: Send, authorization: str) -> None:
    answer = send("GET", PATH, X_Api_Key="", Authorization=authorization)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Missing API key. Send it as the header X-Api-Key."})


@pytest.mark.parametrize("key", ["x", "holdfast_" + "0" * 49, "holdfast_é", "a" * 5000])
def test_a_wrong_key_is_401(send: Send, key: str) -> None:
    answer = send("GET", PATH, X_Api_Key=key)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key."})


def test_statements_of_the_request_see_the_tenant(send: Send, tenant: Tenant) -> None:
    assert send("GET", PATH).json()["visible"] == [tenant.slug]


def test_the_actor_carries_address_and_request_id(send: Send, tenant: Tenant) -> None:
    body = send("POST", "/empty", X_Request_Id="r-1", X_Forwarded_For="203.0.113.9").json()
    assert body == {"data": {}, "actor": ["127.0.0.1", "r-1"], "tenant": str(tenant.tenant_id)}


def test_an_open_view_asks_nobody(send: Send) -> None:
    answer = send("GET", "/open", X_Api_Key="")
    assert (answer.status_code, answer.content) == (200, b"null")


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, 'a"b', "é"])
def test_an_odd_request_id_is_replaced(send: Send, odd: str) -> None:
    answer = send("GET", "/open", X_Request_Id=odd)
    assert len(answer.headers["X-Request-Id"]) == 32
