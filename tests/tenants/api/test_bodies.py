"""JSON bodies in and out."""

from contextvars import copy_context
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.handlers.asgi import ASGIRequest
from pytest_django import Settings

from tenants.api.bodies import read_json, write_json
from tenants.exceptions import Invalid
from tests.builders import Person
from tests.tenants.api.conftest import Send
from tests.tenants.api.views import Echo

INVALID = "Invalid JSON in request body"
BROKEN = [
    *(b"{", b"}", b"nope", b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b"{} {}", b" "),
    *(b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "\xff"}', b"\xed\xa0\x80", b"\xef\xbb\xbf{}", b'{"a": "\x00"}', b"\x00"),
    *(b'{"a": 1,}', b'{"a": 01}', b'"\\x41"'),
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_json_is_422(body: bytes) -> None:
    with pytest.raises(Invalid, match=f"^{INVALID}$"):
        read_json(body)


@pytest.mark.parametrize("depth", [65, 1_000, 1_025, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_too_deep_nesting_is_422(depth: int, opening: bytes, closing: bytes) -> None:
    with pytest.raises(Invalid, match="nested deeper than 64 levels"):
        read_json(opening * depth + (b"" if opening == b"[" else b"1") + closing * depth)


def test_nesting_up_to_the_limit_and_any_breadth_pass() -> None:
    deep: Any = b"[" * 64 + b"]" * 64
    assert read_json(deep)
    assert len(read_json(b"[" + b",".join([b'{"a":[[]]}'] * 5_000) + b"]")) == 5_000
    assert read_json(orjson.dumps(["[" * 500])) == ["[" * 500]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (rb'{"k\u0000": "v\u0000"}', {"k�": "v�"}),
        (rb'["\u0000\u0000"]', ["��"]),
        (rb'["\\u0000"]', ["\\u0000"]),
        (rb'["\\\u0000"]', ["\\�"]),
        (rb'["\\\\u0000"]', ["\\\\u0000"]),
    ],
)
def test_nul_becomes_the_replacement_character(sent: bytes, stored: object) -> None:
    assert read_json(sent) == stored


def test_times_have_six_digits_and_an_offset() -> None:
    whole = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    elsewhere = datetime(2026, 1, 2, 5, 4, 5, 7, tzinfo=timezone(timedelta(hours=2)))
    assert write_json([whole, elsewhere]) == b'["2026-01-02T03:04:05.000000+00:00","2026-01-02T03:04:05.000007+00:00"]'


def test_null_fields_are_written_and_ids_are_text() -> None:
    assert write_json({"a": None, "b": UUID(int=0)}) == b'{"a":null,"b":"00000000-0000-0000-0000-000000000000"}'


def test_what_has_no_json_form_is_an_error() -> None:
    with pytest.raises(TypeError):
        write_json(object())


@pytest.mark.parametrize("body", [*BROKEN, b""])
def test_over_http_a_broken_or_empty_body_is_422(send: Send, body: bytes) -> None:
    answer = send("POST", "/threads/1", body)
    assert (answer.status_code, answer.json()) == (422, {"detail": INVALID})


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense", ""])
def test_the_content_type_is_not_checked(send: Send, content_type: str) -> None:
    assert send("POST", "/threads/1", b'{"a":[1]}', content_type).json() == {"a": [1]}


def test_a_chunked_body_without_declared_length_is_read(person: Person) -> None:
    scope = {"type": "http", "method": "POST", "path": "/threads/1", "query_string": b"", "headers": [(b"x-api-key", person.key.encode())]}
    answer = copy_context().run(Echo.as_view(), ASGIRequest(scope, BytesIO(b'{"a":1}')), thread_id="1")
    assert answer.data == {"a": 1}


@pytest.mark.parametrize("value", [[], "text", 1, 1.5, True, None])
def test_any_json_value_reaches_the_view(send: Send, value: object) -> None:
    assert send("POST", "/threads/1", orjson.dumps(value)).json() == value


def test_where_a_body_is_optional_none_is_an_empty_object(send: Send) -> None:
    assert send("POST", "/empty").json()["data"] == {}
    assert send("POST", "/empty", b'{"a":1}').json()["data"] == {"a": 1}
    assert send("POST", "/empty", b"{").status_code == 422


def test_answers_are_json_without_charset_and_204_has_no_body(send: Send) -> None:
    answer = send("GET", "/threads/0195c0de-0000-7000-8000-000000000000")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["at"].endswith(".000000+00:00")
    gone = send("DELETE", "/threads/1")
    assert (gone.status_code, gone.content) == (204, b"")


def test_accept_is_ignored(send: Send) -> None:
    assert send("GET", "/open", Accept="text/event-stream").status_code == 200


def test_a_body_over_the_limit_is_413(send: Send, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = send("POST", "/threads/1", b'{"a": "much too long"}')
    assert (answer.status_code, answer.json()) == (413, {"detail": "Request body too large"})
