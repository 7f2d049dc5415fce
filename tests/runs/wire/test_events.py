"""Ids, batches and cursors of events."""

import orjson
import pytest

from runs.wire.events import REPLAY, WAIT_LIMIT, End, Event, pack, parse_cursor, unpack


def test_a_batch_comes_back_as_it_was_packed() -> None:
    events = [
        Event(1700000000000, 1, "metadata", b'{"run_id":"r","attempt":1}'),
        Event(1700000000000, 2, "values|middle:t1|inner:t2", orjson.dumps({"text": "a\nb\r\n\u2028ü"})),
        Event(1700000000000, 3, "custom", b"null"),
    ]
    assert unpack(pack(events)) == events


def test_an_empty_batch_is_empty() -> None:
    assert unpack(pack([])) == []


def test_ids_are_ordered_over_attempts() -> None:
    first, second, later = Event(5, 2, "a", b""), Event(5, 10, "a", b""), Event(6, 1, "a", b"")
    assert first.cursor < second.cursor < later.cursor
    assert second.id == "5-10"


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (None, None),
        ("-", REPLAY),
        ("-1", REPLAY),
        ("0", REPLAY),
        ("0-0", REPLAY),
        ("1700000000000-12", (1700000000000, 12)),
        ("7", (7, 0)),
        ("rubbish", None),
        ("1-2-3", None),
        ("1" * 40, None),
        ("١-٢", None),
    ],
)
def test_cursor_of_last_event_id(text: str | None, cursor: tuple[int, int] | None) -> None:
    assert parse_cursor(text) == cursor


def test_the_end_carries_the_wait_body() -> None:
    end = End("success", b'{"a":1}', None)
    assert End.read(end.data()) == end


def test_a_large_wait_body_stays_in_the_rows() -> None:
    end = End("success", b'"' + b"x" * WAIT_LIMIT + b'"', None)
    assert End.read(end.data()) == End("success", None, None)
