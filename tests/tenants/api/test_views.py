"""What the base class promises to streams and pages."""

import pytest
from django.db import connection

from tests.tenants.api.conftest import Send


def test_a_stream_has_its_headers_and_leaves_the_connection_idle(send: Send) -> None:
    answer = send("GET", "/streams/false")
    assert answer.streaming and answer.is_async
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"], answer.headers["Location"]) == ("no-store", "no", "/x")
    assert not connection.in_atomic_block


def test_a_stream_out_of_a_transaction_is_a_bug(send: Send) -> None:
    assert send("GET", "/streams/true").status_code == 500


@pytest.mark.parametrize(
    ("limit", "offset", "rows", "following", "total"),
    [(2, 0, [0, 1], "2", "3"), (2, 2, [2, 3], "4", "5"), (2, 4, [4], None, "5"), (5, 0, [0, 1, 2, 3, 4], None, "5"), (2, 9, [], None, "9")],
)
def test_pages_say_where_the_next_begins(send: Send, limit: int, offset: int, rows: list[int], following: str | None, total: str) -> None:
    answer = send("GET", f"/pages?limit={limit}&offset={offset}")
    assert answer.json() == rows
    assert (answer.headers.get("X-Pagination-Next"), answer.headers["X-Pagination-Total"]) == (following, total)
