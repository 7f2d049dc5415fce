"""Every endpoint of the URLconf × author, six roles, stranger and nobody"""

import httpx
import pytest

from tests.authz.asking import ask
from tests.authz.rows import COLLEAGUES, GUARDED, TABLE, Row, Scope
from tests.authz.targets import Village
from tests.endpoints import endpoints


def test_every_endpoint_has_a_row() -> None:
    assert {f"{method} {path}" for method, path in endpoints()} == {row.endpoint for row in TABLE} - answered_before_the_urlconf()


def answered_before_the_urlconf() -> set[str]:
    """Nothing, unless the URLconf leaves `/ok` to the ASGI entry point."""
    return {"GET /ok"} - {f"{method} {path}" for method, path in endpoints()}


@pytest.mark.parametrize("row", GUARDED, ids=str)
def test_own_tenant(row: Row, village: Village, http: httpx.Client) -> None:
    for who in COLLEAGUES:
        answer = ask(http, row, village.target(row.target, http), village.headers(who))
        expected = row.status if who in row.may else 403
        assert answer.status_code == expected, f"{who}: {answer.text[:300]}"


@pytest.mark.parametrize("row", GUARDED, ids=str)
def test_stranger(row: Row, village: Village, http: httpx.Client) -> None:
    assert_stranger_gets_nothing(row, village, http, http)


@pytest.mark.parametrize("row", GUARDED, ids=str)
def test_nobody(row: Row, village: Village, http: httpx.Client) -> None:
    for headers in ({}, {"X-Api-Key": "holdfast_" + "0" * 49}, {"Authorization": "Bearer nonsense"}):
        answer = ask(http, row, village.target("thread", http), headers)
        assert answer.status_code == 401, answer.text[:300]


@pytest.mark.parametrize("row", [row for row in TABLE if row.scope is Scope.OPEN], ids=str)
def test_system_is_open(row: Row, village: Village, http: httpx.Client) -> None:
    assert ask(http, row, village.target("thread", http), {}).status_code == row.status


def assert_stranger_gets_nothing(row: Row, village: Village, http: httpx.Client, helper: httpx.Client) -> None:
    """A foreign object and one that never existed give the same answer, and nothing of ours is seen or changed."""
    target, headers = village.target(row.target, helper), village.headers("stranger")
    before = village.contents()
    answer = ask(http, row, target, headers)
    assert village.contents() == before
    if row.scope is Scope.TENANT:
        assert answer.status_code == row.status, answer.text[:300]
        assert target.shown_in(answer.text) == []
        return
    unknown = target.never_existed()
    never = ask(http, row, unknown, headers)
    assert answer.status_code == row.absent, answer.text[:300]
    assert (answer.status_code, target.masked(answer.text)) == (never.status_code, unknown.masked(never.text))
