"""Errors on the wire."""

import json
import logging

import httpx
import psycopg
import pytest
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InternalError, OperationalError, close_old_connections
from django.test import RequestFactory

from tenants.api.errors import answer_to, handler400, handler403, handler405
from tenants.models import AuditEvent, Tenant
from tests.tenants.api.conftest import Send

ID = "0195c0de-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("bad-request", 400, "contradicts itself"),
        ("not-authenticated", 401, "who?"),
        ("not-allowed", 403, "no"),
        ("not-found", 404, "Thread with ID x not found"),
        ("conflict", 409, "was first"),
        ("too-large", 413, "too large"),
        ("invalid", 422, "schema ?"),
        ("not-supported", 422, "webhook is not supported yet"),
        ("parse", 422, "Invalid JSON in request body"),
        ("teapot", 500, "odd"),
        ("http404", 404, "Not Found"),
        ("denied", 403, "Forbidden"),
        ("suspicious", 400, "Bad Request"),
    ],
)
def test_each_error_has_its_status(send: Send, name: str, status: int, text: str) -> None:
    answer = send("GET", f"/fails/{name}/{ID}")
    if status == 500:
        assert (answer.status_code, answer.content) == (500, b"Internal Server Error")
    else:
        assert (answer.status_code, answer.json()) == (status, {"detail": text})
        assert answer.headers["Content-Type"] == "application/json"
    assert "Allow" not in answer.headers


@pytest.mark.parametrize(
    ("name", "status", "seconds"), [("throttled", 429, "7"), ("lock-timeout", 503, "1"), ("away", 503, "1"), ("unavailable", 503, "1")]
)
def test_what_passes_says_when_to_come_back(send: Send, name: str, status: int, seconds: str) -> None:
    answer = send("GET", f"/fails/{name}/{ID}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, seconds)


@pytest.mark.parametrize("path", ["/bug", f"/fails/bug/{ID}"])
def test_a_bug_is_text_logged_and_tells_nothing(send: Send, caplog: pytest.LogCaptureFixture, path: str) -> None:
    answer = send("GET", path)
    assert (answer.status_code, answer.content) == (500, b"Internal Server Error")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert [record for record in caplog.records if record.levelno == logging.ERROR and record.exc_info]


def test_a_wrong_method_is_405_with_allow(send: Send) -> None:
    for method in ("PUT", "OPTIONS", "TRACE"):
        answer = send(method, f"/threads/{ID}", b"{}")
        assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}


def test_head_works_where_get_does(send: Send) -> None:
    answer = send("HEAD", f"/threads/{ID}")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_unknown_address_is_404(send: Send) -> None:
    answer = send("GET", "/nope")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (None, 400, "Bad Request"),
        (DisallowedHost("x"), 400, "Bad Request"),
        (RequestDataTooBig(), 413, "Request body too large"),
        (KeyError(), 400, ""),
    ],
)
def test_what_django_refuses_itself_is_json(error: Exception | None, status: int, text: str) -> None:
    answer = handler400(RequestFactory().get("/"), error)
    assert (answer.status_code, text in json.loads(answer.content)["detail"]) == (status, True)


def test_other_refusals_of_django_are_json() -> None:
    request = RequestFactory().get("/")
    assert json.loads(handler403(request).content) == {"detail": "Forbidden"}
    answer = handler405(request, "GET, HEAD")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(("path", "status"), [("/nope", 404), ("/bug", 500)])
def test_a_browser_gets_a_page(send: Send, path: str, status: int) -> None:
    answer = send("GET", path, Accept="text/html,application/xhtml+xml")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


@pytest.mark.parametrize("text", ["nope", "", "0195c0de-0000-7000-8000-00000000000", "0195c0de-0000-7000-8000-000000000000\0", "١" * 32])
def test_a_path_id_that_is_no_uuid_is_422(send: Send, text: str) -> None:
    answer = send("GET", f"/threads/{text}x")
    assert (answer.status_code, answer.json()) == (422, {"detail": "Invalid thread ID: must be a UUID"})


@pytest.mark.parametrize(
    ("statement", "value"),
    [("select %s::text", "a\0b"), ("select %s::int", "99999999999"), ("select %s::uuid", "x"), ("select %s::timestamptz", "32.13.2026")],
)
def test_a_value_that_postgresql_refuses_is_422(send: Send, statement: str, value: str) -> None:
    body = f'{{"statement": "{statement}", "values": ["{value}"]}}'.replace("\0", "�")
    if "\0" in value:
        body = '{"statement": "select convert_from(%s::bytea, \'utf8\')", "values": ["a\\\\000b"]}'
    assert send("POST", "/stores", body.encode()).status_code == 422


def test_a_broken_statement_is_a_bug(send: Send) -> None:
    assert send("POST", "/stores", b'{"statement": "selekt", "values": []}').status_code == 500


def test_a_cancelled_statement_is_503(send: Send) -> None:
    body = b'{"statement": "set local statement_timeout = 20; select pg_sleep(5)", "values": []}'
    assert send("POST", "/stores", body).status_code == 503


def test_a_lost_connection_is_503_and_the_next_request_works(send: Send) -> None:
    body = b'{"statement": "select pg_terminate_backend(pg_backend_pid())", "values": []}'
    assert send("POST", "/stores", body).status_code == 503
    close_old_connections()  # as at the end of each request; the test client leaves it out
    assert send("GET", f"/threads/{ID}").status_code == 200


def test_a_transaction_that_took_too_long_is_503() -> None:
    error = InternalError("terminating connection")
    error.__cause__ = psycopg.errors.TransactionTimeout("terminating connection due to transaction timeout")
    assert answer_to(error)[0] == 503
    assert answer_to(InternalError("other"))[0] == 500


def test_an_unforeseen_race_is_409(send: Send, tenant: Tenant) -> None:
    columns = "tenant_id, slug, name, settings, created_at"
    statement = f"insert into tenant ({columns}) select {columns} from tenant where slug = '{tenant.slug}'"
    answer = send("POST", "/stores", f'{{"statement": "{statement}", "values": []}}'.encode())
    assert (answer.status_code, answer.json()["detail"]) == (409, "Another change was first. Try again.")


@pytest.mark.parametrize(("name", "action"), [("not-allowed", "thread.update"), ("conflict", "post fails/<str:name>/<str:thread_id>")])
def test_a_refused_change_is_audited(send: Send, tenant: Tenant, name: str, action: str) -> None:
    send("POST", f"/fails/{name}/{ID}", b"{}", X_Request_Id="r-9")
    (event,) = AuditEvent.objects.for_tenant(tenant.tenant_id).exclude(action="key.create")
    assert (event.action, event.target_type, event.target_id, event.request_id) == (action, "thread", ID, "r-9")
    assert event.after and event.after["refused"]


@pytest.mark.parametrize(("method", "name"), [("GET", "not-allowed"), ("POST", "not-found"), ("POST", "invalid")])
def test_reads_and_mistakes_are_not_audited(send: Send, tenant: Tenant, method: str, name: str) -> None:
    send(method, f"/fails/{name}/{ID}", b"{}")
    assert not AuditEvent.objects.for_tenant(tenant.tenant_id).exclude(action="key.create").exists()


def test_an_odd_path_part_is_cut_in_the_audit_log(send: Send, tenant: Tenant) -> None:
    assert send("POST", f"/fails/conflict/a%00{'b' * 500}", b"{}").status_code == 409
    (event,) = AuditEvent.objects.for_tenant(tenant.tenant_id).exclude(action="key.create")
    assert event.target_id == "a�" + "b" * 198


def test_a_refusal_is_answered_even_if_it_cannot_be_audited(
    send: Send, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("tenants.services.audit.refused", away)
    assert send("POST", f"/fails/conflict/{ID}", b"{}").status_code == 409
    assert "refusal not audited" in caplog.messages


def test_a_trailing_slash_leads_to_the_address_without_it(live: str) -> None:
    answer = httpx.get(f"{live}/info/?a=1", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{live}/info?a=1"
    assert httpx.get(f"{live}/nowhere/", follow_redirects=False).status_code == 404


def test_a_trailing_slash_behind_odd_letters_leads_to_no_loop(live: str) -> None:
    answer = httpx.get(f"{live}/threads/%C3%A9%0A/", follow_redirects=False)
    assert answer.headers["location"] == f"{live}/threads/%C3%A9%0A"


def test_a_trailing_slash_at_a_host_that_is_not_ours_is_a_bad_request(live: str) -> None:
    answer = httpx.get(f"{live}/info/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Bad Request"})
