"""Without any tenant filter in the code, row-level security alone lets nothing through"""

from collections.abc import Iterator

import httpx
import pytest

from tests.authz.asking import ask
from tests.authz.rows import GUARDED, TABLE, Row
from tests.authz.targets import Village
from tests.authz.test_endpoint_matrix import assert_stranger_gets_nothing
from tests.servers import Stack

pytestmark = pytest.mark.xdist_group("filters_off")
UNFILTERED = ("-m", "tests.authz.unfiltered")


@pytest.fixture(scope="module")
def beside(product: Stack) -> Iterator[Stack]:
    """A web process beside it, over the same rows, without filters."""
    stack = Stack(product.database, product.redis_url)
    try:
        stack.start_web(*UNFILTERED)
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def unfiltered(beside: Stack) -> Iterator[httpx.Client]:
    """Its client."""
    with httpx.Client(base_url=beside.base_url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("row", GUARDED, ids=str)
def test_stranger(row: Row, village: Village, http: httpx.Client, unfiltered: httpx.Client) -> None:
    assert_stranger_gets_nothing(row, village, unfiltered, http)


def test_own_rows_are_still_there(village: Village, http: httpx.Client, unfiltered: httpx.Client, beside: Stack) -> None:
    """Else the test above would prove nothing; nor would it if the filters were on."""
    row = next(row for row in TABLE if row.endpoint == "GET /threads/{thread_id}")
    assert ask(unfiltered, row, village.target("thread", http), village.headers("author")).status_code == 200
    assert "a filter was forgotten" in beside.services[0].log.read_text()
