"""The websockets of a run and of the inbox: every role, a stranger, nobody, tickets"""

import json
from contextlib import nullcontext
from typing import Any

import httpx
import pytest
from pytest_django.fixtures import Settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from runs.consumers.run_feed import RunFeed
from tenants.exceptions import NotAllowed
from tests.authz.rows import COLLEAGUES
from tests.authz.targets import Target, Village


@pytest.fixture
def target(village: Village, live: str) -> Target:
    """A finished run."""
    with httpx.Client(base_url=live) as http:
        return village.target("thread", http)


def path(target: Target) -> str:
    """Its websocket."""
    return f"/ws/threads/{target.thread_id}/runs/{target.run_id}"


def closed_with(live: str, target: Target, **options: Any) -> int:
    """The close code after everything was read."""
    with connect(live.replace("http", "ws", 1) + path(target), **options) as socket:
        try:
            while True:
                socket.recv(timeout=10)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code


@pytest.mark.parametrize("who", COLLEAGUES)
def test_everybody_of_the_tenant_may_follow(live: str, village: Village, target: Target, who: str) -> None:
    assert closed_with(live, target, additional_headers=village.headers(who)) == 1000


def test_for_a_stranger_the_run_does_not_exist(live: str, village: Village, target: Target) -> None:
    headers = village.headers("stranger")
    assert closed_with(live, target, additional_headers=headers) == 4404
    assert closed_with(live, target.never_existed(), additional_headers=headers) == 4404


def test_nobody_is_turned_away(live: str, target: Target) -> None:
    assert closed_with(live, target) == 4401
    assert closed_with(live, target, additional_headers={"X-Api-Key": "holdfast_" + "0" * 49}) == 4401


def ticket(live: str, village: Village, who: str, path: str) -> str:
    """A ticket for a path."""
    answer = httpx.post(f"{live}/tickets", json={"path": path}, headers=village.headers(who))
    return str(answer.json()["ticket"])


def test_ticket_opens_one_socket_once(live: str, village: Village, target: Target) -> None:
    given = ticket(live, village, "viewer", path(target))
    assert closed_with(live, target, subprotocols=["holdfast", f"ticket.{given}"], origin=live) == 1000
    assert closed_with(live, target, subprotocols=["holdfast", f"ticket.{given}"], origin=live) == 4401


def test_ticket_opens_no_other_path(live: str, village: Village, target: Target) -> None:
    given = ticket(live, village, "viewer", path(target.never_existed()))
    assert closed_with(live, target, subprotocols=["holdfast", f"ticket.{given}"], origin=live) == 4401


def test_strangers_ticket_opens_nothing_of_ours(live: str, village: Village, target: Target) -> None:
    given = ticket(live, village, "stranger", path(target))
    assert closed_with(live, target, subprotocols=["holdfast", f"ticket.{given}"], origin=live) == 4404


@pytest.mark.parametrize("who", COLLEAGUES)
def test_everybody_of_the_tenant_sees_the_inbox(live: str, village: Village, who: str) -> None:
    assert isinstance(first_items(live, additional_headers=village.headers(who)), list)


def first_items(live: str, **options: Any) -> Any:
    """The items of the inbox's first frame."""
    with connect(live.replace("http", "ws", 1) + "/ws/reviews", **options) as socket:
        frame = json.loads(socket.recv(timeout=10))
    assert (frame["event"], frame["reset"], frame["more"]) == ("items", True, False)
    return [item["thread_id"] for item in frame["items"]]


def test_a_stranger_sees_their_own_inbox_only(live: str, village: Village) -> None:
    with httpx.Client(base_url=live) as http:
        paused = village.target("paused", http)
    assert paused.thread_id in first_items(live, additional_headers=village.headers("viewer"))
    assert first_items(live, additional_headers=village.headers("stranger")) == []


def test_a_ticket_opens_the_inbox(live: str, village: Village) -> None:
    given = ticket(live, village, "viewer", "/ws/reviews")
    assert isinstance(first_items(live, subprotocols=["holdfast", f"ticket.{given}"], origin=live), list)


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "holdfast_" + "0" * 49}], ids=["nothing", "no key"])
def test_nobody_opens_no_inbox(live: str, headers: dict[str, str]) -> None:
    address = live.replace("http", "ws", 1) + "/ws/reviews"
    with connect(address, additional_headers=headers) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


@pytest.mark.parametrize(("origin", "allowed"), [("https://app.example", True), ("http://own", True), ("https://evil.example", False)])
def test_page_of_another_origin_is_turned_away(settings: Settings, origin: str, allowed: bool) -> None:
    settings.CORS_ORIGINS = ["https://app.example"]
    feed: Any = RunFeed()
    feed.scope = {"headers": [(b"origin", origin.encode()), (b"host", b"own")]}
    with nullcontext() if allowed else pytest.raises(NotAllowed):
        feed.check_origin()
