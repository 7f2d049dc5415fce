"""Every endpoint of the URLconf × odd values in fields, parameters, paths and headers: never an error of ours, never half-written."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from assistants.models import Assistant, AssistantVersion
from assistants.registry.loader import load
from runs.api.system import document
from runs.models import Decision, Interrupt, Run, Thread, ThreadMetadata
from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import Person, builtin_id, make_interrupt, make_member, make_person, make_thread

Json = dict[str, Any]
WATCHED = (Thread, Run, Interrupt, Decision, Assistant, AssistantVersion, ThreadMetadata)
COUNTS = "select " + ", ".join(f"(select count(*) from {model._meta.db_table} where tenant_id = %s)" for model in WATCHED)
SAME_BODY = ("/runs/wait", "/runs/stream")  # of one parser with `/runs`


def nested(depth: int) -> Any:
    """An object in an object in an object."""
    value: Any = "deep"
    for _ in range(depth):
        value = {"a": value}
    return value


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.0,
    1.5,
    2**31,
    2**63,
    1e300,
    "",
    "x",
    "-",
    "\0",
    "\u0669" * 8,
    "a\n" * 1000,
    str(uuid4()),
    "0" * 32,
    [],
    [None],
    [[]],
    ["values", "x"],
    [["a", 1], ["b"]],
    {},
    {"": None, "\0": "\0"},
    {"a": 1e300, "b": [2**63], "c": 1e-300},
    {"thread_id": 5, "checkpoint_id": 5, "checkpoint_ns": 5, "checkpoint_map": 5},
    {"checkpoint_id": str(uuid4()), "checkpoint_ns": "nowhere:1|x", "thread_id": str(uuid4())},
    {"checkpoint_ns": "nowhere"},
    {"configurable": {"checkpoint_id": [], "thread_id": {}, "__pregel_send": 1, "checkpoint_ns": {}}},
    {"configurable": [], "tags": {}, "recursion_limit": "1", "metadata": 1},
    {"recursion_limit": 1e300, "max_concurrency": 1e300, "run_name": None, "tags": ["\0"]},
    {"resume": {"0" * 32: 1}, "update": [["a"]], "goto": {"node": 1}},
    {"goto": [{"node": "nowhere", "input": None}], "update": [["\0", 1e300]]},
    {"resume": 1e300},
    {"ttl": -1, "strategy": "x"},
    nested(60),
)
QUERY = (
    "",
    "-1",
    "0",
    "1001",
    "1.0",
    "9" * 400,
    "9" * 5000,
    "%00",
    "%ff",
    "%ed%a0%80",
    "[",
    "[]",
    "[null,{}]",
    "x,y",
    "%0d%0aX:1",
    "²",
    "true",
)
PATHS = ("x", "%00", "%ff", "%ed%a0%80", "%0a", "..", "%2e%2e", "9" * 5000, "\u0669" * 32, "{" + str(uuid4()) + "}", str(uuid4()), " ")
RAW = (
    b"",
    b"{",
    b"\xff",
    b"null",
    b"5",
    b'"text"',
    b"[]",
    b"[[[]]]",
    b"NaN",
    b'{"a": NaN}',
    b'{"a": 1e400}',
    b'{"a": Infinity}',
    b'{"metadata": {"\\ud800": 1}}',
    b'{"metadata": {"a": "\\ud800"}}',
    b'{"metadata": {"\\u0000": "\\u0000"}}',
    b'{"metadata": {"a": ' + b"1" * 5000 + b"}}",
    b'{"assistant_id": "approval", "input": {"a": ' + b"9" * 30 + b"}}",
    b"[" * 100_000,
    b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b'{"metadata":' + b'{"a":' * 1000 + b"1" + b"}" * 1001,
)


# As recorded: the store refuses a bad label in plain text, and a missing key under another name.
SHAPES = ("detail", "text of /store", "error of /store")


def shape_of(path: str, answer: Any) -> str:
    """The shape of a refusal."""
    store = " of /store" if path.startswith("/store") else ""
    if answer.headers["content-type"].startswith("text/plain"):
        return f"text{store}"
    (key,) = orjson.loads(answer.content)
    return str(key) if key == "detail" else f"{key}{store}"


class Attacker:
    """Somebody with a key, in the test's own process: no worker claims what is accepted."""

    def __init__(self, owner: Person) -> None:
        self.tenant_id = owner.actor.tenant_id
        self.headers = owner.headers
        self.client = Client(raise_request_exception=True)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
        """One request; the answer has the wire's shape."""
        before = self.contents()
        answer = self.client.generic(method, path, body, "application/json", headers=self.headers | (headers or {}))
        told = f"{method} {path[:200]} {body[:300]!r} -> {answer.status_code} {'' if answer.streaming else answer.content[:300]!r}"
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert self.contents() == before, told
            if method != "HEAD":
                assert shape_of(path, answer) in SHAPES, told
        return answer

    def contents(self) -> tuple[int, ...]:
        """How many rows there are of each kind."""
        with connection.cursor() as cursor:
            cursor.execute(COUNTS, [self.tenant_id] * len(WATCHED))
            found: tuple[int, ...] = cursor.fetchone()
        return found


@pytest.fixture(scope="module", autouse=True)
def _graphs() -> None:
    load(settings.GRAPHS_FILE)


@pytest.fixture
def attacker(tenant: Tenant) -> Attacker:
    return Attacker(make_person(tenant, Role.OWNER))


@pytest.fixture
def ids(attacker: Attacker, tenant: Tenant) -> dict[str, str]:
    """What paths name: a thread with state, a run that waits, a built-in assistant, a key, a member, a review."""
    body = {"metadata": {"graph_id": "approval"}}
    thread = orjson.loads(attacker.send("POST", "/threads", orjson.dumps(body)).content)["thread_id"]
    update = {"values": {"answers": ["made"]}, "as_node": "plan"}
    made = orjson.loads(attacker.send("POST", f"/threads/{thread}/state", orjson.dumps(update)).content)
    run = attacker.send(
        "POST", f"/threads/{thread}/runs", b'{"assistant_id":"approval","checkpoint_id":"%b"}' % made["checkpoint_id"].encode()
    )
    return {
        "thread_id": thread,
        "run_id": orjson.loads(run.content)["run_id"],
        "assistant_id": str(builtin_id("approval")),
        "namespace": "middle",
        "checkpoint_id": made["checkpoint_id"],
        "key_id": str(make_person(tenant).actor.key_id),
        "user_id": str(make_member(tenant)),
        "review_id": str(make_interrupt(tenant, make_thread(tenant)).review_id),
    }


def operations() -> Iterator[tuple[str, str, Json]]:
    """All of the OpenAPI document, which another test compares with the URLconf; those that remove their target last."""
    for path, item in sorted(document()["paths"].items()):
        for method, operation in item.items():
            if not path.startswith(("/docs", "/openapi")):
                yield method.upper(), path, operation


OPERATIONS = sorted(operations(), key=lambda each: (each[0] == "DELETE", each[1]))
WITH_BODY = [each for each in OPERATIONS if each[0] in ("POST", "PATCH", "PUT")]


def named(operation: tuple[str, str, Json]) -> str:
    return f"{operation[0]} {operation[1]}"


def fields_of(operation: Json) -> Json:
    schema: Json = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return dict(schema.get("properties", {}))


def valid(path: str) -> Json:
    """The least body that is accepted."""
    if "/runs" in path:
        return {"assistant_id": "approval"}
    return {"graph_id": "approval"} if path == "/assistants" else {}


BODIES = [each for each in WITH_BODY if not each[1].endswith(SAME_BODY)]


@pytest.mark.parametrize("operation", BODIES, ids=named)
def test_odd_values_in_every_field(operation: tuple[str, str, Json], attacker: Attacker, ids: dict[str, str]) -> None:
    method, path, described = operation
    for field in fields_of(described):
        for odd in ODD:
            attacker.send(method, path.format(**ids), orjson.dumps(valid(path) | {field: odd}))


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_odd_bodies(operation: tuple[str, str, Json], attacker: Attacker, ids: dict[str, str]) -> None:
    method, path, _ = operation
    for body in RAW:
        attacker.send(method, path.format(**ids), body)


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_odd_parameters(operation: tuple[str, str, Json], attacker: Attacker, ids: dict[str, str]) -> None:
    method, path, described = operation
    body = orjson.dumps(valid(path)) if method in ("POST", "PATCH") else b""
    for name in {each["name"] for each in described.get("parameters", ()) if each["in"] == "query"} | {"xray", "check_db"}:
        for odd in QUERY:
            attacker.send(method, f"{path.format(**ids)}?{name}={odd}&{name}={odd}", body)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "{" in each[1]], ids=named)
def test_odd_paths(operation: tuple[str, str, Json], attacker: Attacker, ids: dict[str, str]) -> None:
    method, path, _ = operation
    for part in ids:
        for odd in PATHS:
            if "{" + part + "}" in path:
                attacker.send(method, path.format(**ids | {part: odd}), orjson.dumps(valid(path)))


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_odd_headers_and_methods(operation: tuple[str, str, Json], attacker: Attacker, ids: dict[str, str]) -> None:
    _, path, _ = operation
    at = path.format(**ids)
    for odd in ("", "-", "-1", "x", "9" * 5000, "1-1-1", "\u00e9", "1-" + "9" * 18):
        attacker.send("GET", at, headers=dict.fromkeys(("Last-Event-ID", "Prefer", "X-Request-Id", "Accept", "Origin"), odd))
    for origin in ("null", "http://[", "http://\u00e9", "x" * 5000):
        attacker.send("GET", at, headers={"Origin": origin})
    for method in ("HEAD", "OPTIONS", "TRACE", "X"):
        attacker.send(method, at, b"{}")
    assert attacker.send("PATCH" if path == "/store/items" else "PUT", at).status_code == 405


@pytest.mark.parametrize("charset", ["utf-16", "rot13", "idna", "hex", "nonsense"])
def test_charsets_are_not_believed(charset: str, web: httpx.Client, owner: Person) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert web.get("/threads/x/history?limit=%ff", headers=headers).status_code == 422
    assert web.post("/threads", content=b"{}", headers=headers).status_code == 200


REFUSED_WRITE = """
insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
select thread_id, '', checkpoint_id, '00000000-0000-0000-0000-000000000000', '', 0, 'answers', 'msgpack', '\\x05'
  from checkpoints where thread_id like %s order by checkpoint_id desc limit 1
on conflict do nothing"""


def test_state_that_the_graph_cannot_read_is_a_conflict(web: httpx.Client) -> None:
    thread = web.post("/threads", json={}).json()["thread_id"]
    runs = f"/threads/{thread}/runs"
    web.post(f"{runs}/wait", json={"assistant_id": "approval", "input": {"mode": "none"}})
    web.post(f"{runs}/wait", json={"assistant_id": "approval", "command": {"update": [["answers", 5]]}})
    with connection.cursor() as cursor:  # LangGraph saves the refused write in the background: the run may have failed before that
        cursor.execute(REFUSED_WRITE, [f"%:{thread}"])
    assert web.get(f"/threads/{thread}/state").status_code == 409
    assert web.post(f"/threads/{thread}/history", json={"limit": 5}).status_code == 409
    assert web.delete(f"{runs}/{web.get(runs).json()[0]['run_id']}").status_code == 204
    assert web.post(f"/threads/{thread}/state", json={"values": {"answers": ["x"]}}).status_code == 200
    assert web.get(f"/threads/{thread}/state").status_code == 200


def test_whatever_was_accepted_can_be_read(attacker: Attacker, ids: dict[str, str]) -> None:
    for odd in ODD:
        for method, path, described in BODIES:
            if "metadata" in fields_of(described):
                attacker.send(method, path.format(**ids), orjson.dumps(valid(path) | {"metadata": {"odd": odd, "n": 1e300}}))
        update = {"values": {"answers": [odd, 2**64 - 1, 1e300]}, "as_node": "plan"}
        attacker.send("POST", f"/threads/{ids['thread_id']}/state", orjson.dumps(update))
    for method, path, _ in OPERATIONS:
        if method == "GET":
            attacker.send(method, path.format(**ids))
    for kind in ("threads", "assistants"):
        found = attacker.send("POST", f"/{kind}/search", b'{"limit": 1000}')
        assert len(orjson.loads(found.content)) > len(ODD)
