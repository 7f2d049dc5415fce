"""POST /tickets."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from runs.services.tickets import issue_ticket, redeem_ticket
from runs.streams.connection import sync_redis
from tenants.exceptions import Invalid, NotAuthenticated, Unavailable
from tests.builders import Person, now


async def test_ticket_lives_thirty_seconds(http: httpx.AsyncClient) -> None:
    response = await http.post("/tickets", json={"path": "/ws/threads/a/runs/b"})
    left = datetime.fromisoformat(response.json()["expires_at"]) - now()
    assert timedelta(seconds=20) < left <= timedelta(seconds=30)
    assert len(response.json()["ticket"]) >= 40


@pytest.mark.parametrize("body", [{}, [], {"path": 1}, {"path": "/threads"}, {"path": "/ws/" + "x" * 600}])
async def test_body_must_name_a_websocket(http: httpx.AsyncClient, body: Any) -> None:
    assert (await http.post("/tickets", json=body)).status_code == 422


def test_ticket_gives_its_actor_once(owner: Person) -> None:
    issued = issue_ticket(actor=owner.actor, path="/ws/x", now=now())
    assert redeem_ticket(issued.ticket, "/ws/x") == owner.actor
    with pytest.raises(NotAuthenticated):
        redeem_ticket(issued.ticket, "/ws/x")


def test_ticket_is_spent_by_the_wrong_path(owner: Person) -> None:
    issued = issue_ticket(actor=owner.actor, path="/ws/x", now=now())
    for path in ("/ws/y", "/ws/x"):
        with pytest.raises(NotAuthenticated):
            redeem_ticket(issued.ticket, path)


def test_redis_never_sees_the_ticket(owner: Person) -> None:
    issued = issue_ticket(actor=owner.actor, path="/ws/secret", now=now())
    assert not any(issued.ticket.encode() in key for key in sync_redis().scan_iter("ticket:*"))


def test_without_redis_there_are_no_tickets(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    sync_redis.cache_clear()
    try:
        with monkeypatch.context() as patch:
            patch.setattr("django.conf.settings.REDIS_URL", "redis://127.0.0.1:1/0")
            with pytest.raises(Unavailable):
                issue_ticket(actor=owner.actor, path="/ws/x", now=now())
            with pytest.raises(NotAuthenticated):
                redeem_ticket("x", "/ws/x")
    finally:
        sync_redis.cache_clear()


def test_path_must_be_text(owner: Person) -> None:
    with pytest.raises(Invalid):
        issue_ticket(actor=owner.actor, path=None, now=now())
