"""What browsers of other origins need: preflights without a key on every route, readable headers, and readable errors."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client
from pytest_django import Settings

from config.cors import with_cors
from config.handler import OneHopHandler
from tenants.api.errors import plain
from tests.builders import Person
from tests.endpoints import endpoints
from tests.statements import statements

PAGE = "https://app.example"
MISSING = "00000000-0000-4000-8000-000000000000"
SENT = {"x-api-key", "authorization", "x-auth-scheme", "last-event-id", "content-type"}
READ = {"content-location", "location", "x-pagination-total", "x-pagination-next"}
ENDPOINTS = endpoints()


def listed(header: str) -> set[str]:
    """The items of a header."""
    return {item.strip().lower() for item in header.split(",")}


@pytest.fixture
def one_origin(settings: Settings) -> None:
    """As `HOLDFAST_CORS_ORIGINS=https://app.example`."""
    settings.CORS_ALLOW_ALL_ORIGINS, settings.CORS_ALLOWED_ORIGINS = False, [PAGE]


def preflight(method: str, path: str, origin: str = PAGE) -> Any:
    """What a browser asks before it sends the request itself."""
    told = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": ",".join(sorted(SENT))}
    at = path.replace("{", "").replace("}", "")
    return Client().options(at, headers=told)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=" ".join)
def test_a_preflight_of_every_route_passes_without_a_key_and_a_statement(database: None, method: str, path: str) -> None:
    with statements() as sent:
        answer = preflight(method, path)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"], sent) == (200, "*", [])
    assert method.lower() in listed(answer["Access-Control-Allow-Methods"])
    assert listed(answer["Access-Control-Allow-Headers"]) >= SENT
    assert int(answer["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in answer


def test_there_are_routes_of_every_method() -> None:
    assert {method for method, _ in ENDPOINTS} >= {"GET", "POST", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (PAGE, True),
        ("http://app.example", False),
        ("https://app.example.evil.example", False),
        ("null", False),
        ("https://app.example:444", False),
    ],
)
def test_only_listed_origins_are_let_in(one_origin: None, origin: str, allowed: bool) -> None:
    for answer in (preflight("POST", "/threads", origin), Client().post("/threads", headers={"Origin": origin})):
        assert answer.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "origin" in listed(answer["Vary"])


@pytest.fixture
def browser(live: str, owner: Person) -> Iterator[httpx.Client]:
    """A page of another origin, with a key."""
    with httpx.Client(base_url=live, headers=owner.headers | {"Origin": PAGE}, timeout=30) as client:
        yield client


def readable(answer: httpx.Response) -> bool:
    """Whether the page may read the answer, and the headers that clients need."""
    headers = answer.headers
    return headers.get("access-control-allow-origin") == "*" and listed(headers.get("access-control-expose-headers", "")) == READ


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (401, "GET", "/assistants/search", None),
        (404, "GET", f"/threads/{MISSING}", None),
        (404, "GET", "/nope", None),
        (405, "PUT", "/threads", "{}"),
        (413, "POST", "/threads", "x" * (10 * 1024 * 1024 + 1)),
        (422, "POST", "/threads", "{bad"),
        (307, "GET", "/info/", None),
        (200, "GET", "/info", None),
        (200, "GET", "/ok", None),
        (200, "HEAD", "/ok", None),
        (200, "GET", "/ready", None),
    ],
)
def test_a_page_can_read_answers_and_errors(browser: httpx.Client, status: int, method: str, path: str, body: str | None) -> None:
    headers = {"X-Api-Key": "nobody's"} if status == 401 else {}
    answer = browser.request("POST" if status == 401 else method, path, content=body, headers=headers, follow_redirects=False)
    assert answer.status_code == status
    assert readable(answer), answer.headers


def test_a_refusal_by_role_can_be_read(live: str, colleague: Person) -> None:
    answer = httpx.post(f"{live}/assistants", json={"graph_id": "memory"}, headers=colleague.headers | {"Origin": PAGE})
    assert answer.status_code == 403 and readable(answer)


def test_a_stream_can_be_read_with_its_locations(browser: httpx.Client) -> None:
    with browser.stream("POST", "/runs/stream", json={"assistant_id": "slow", "input": {"seconds": 0, "steps": 1}}) as answer:
        assert answer.status_code == 200 and readable(answer)
        assert answer.headers["content-location"].startswith("/runs/")
        answer.read()


def test_what_needs_no_key_needs_none_from_a_page(live: str) -> None:
    for path in ("/ok", "/info", "/ready", "/openapi.json"):
        answer = httpx.get(live + path, headers={"Origin": PAGE})
        assert answer.status_code == 200 and readable(answer)


@pytest.mark.parametrize("path", ["bug", "away", "lock-timeout"])
def test_failures_of_ours_can_be_read(settings: Settings, one_origin: None, owner: Person, path: str) -> None:
    settings.ROOT_URLCONF = "tests.tenants.api.views"
    answer = Client(raise_request_exception=False).get(f"/fails/{path}/{MISSING}", headers=owner.headers | {"Origin": PAGE})
    assert answer.status_code in (500, 503)
    assert answer["Access-Control-Allow-Origin"] == PAGE
    assert listed(answer["Access-Control-Expose-Headers"]) == READ


async def answered(query: bytes = b"", length: int = 0, origin: bytes = PAGE.encode()) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request to the handler, without a server around it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-length", b"%d" % length), (b"origin", origin), (b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/threads", "root_path": "", "query_string": query, "headers": headers}
    await OneHopHandler()(scope, receive, send)
    told = {name.lower(): value for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_body_that_is_refused_unread_can_be_read_by_listed_origins_only(one_origin: None) -> None:
    status, headers, _ = await answered(length=2**40)
    assert (status, headers[b"access-control-allow-origin"], headers[b"connection"]) == (413, PAGE.encode(), b"close")
    _, headers, _ = await answered(length=2**40, origin=b"https://evil.example")
    assert b"access-control-allow-origin" not in headers and headers[b"vary"] == b"origin"


async def test_a_request_that_cannot_be_made_is_refused_as_the_wire_does(database: None) -> None:
    status, headers, body = await answered(query=b"a=\xff")
    assert (status, headers[b"access-control-allow-origin"], body) == (400, b"*", b'{"detail":"Bad Request"}')


def test_who_sends_no_origin_gets_no_permission() -> None:
    response = with_cors(plain(200, "x"), {"method": "GET", "path": "/ok", "headers": []})
    assert "Access-Control-Allow-Origin" not in response.headers and response.headers["Vary"] == "origin"
