"""Fixtures: people with plain HTTP clients, and threads that wait."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests import builders
from tests.builders import Person

Json = dict[str, Any]
As = Callable[[Person], httpx.Client]


@pytest.fixture
def as_(live: str) -> Iterator[As]:
    """A client of the running product, for somebody."""
    opened: list[httpx.Client] = []

    def client(person: Person) -> httpx.Client:
        opened.append(httpx.Client(base_url=live, headers=person.headers, timeout=30))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture
def reviewer(tenant: Tenant) -> Person:
    """Somebody who decides and starts no runs."""
    return builders.make_person(tenant, Role.REVIEWER)


@pytest.fixture
def starts(as_: As, owner: Person) -> httpx.Client:
    """The client of whoever starts the runs."""
    return as_(owner)


@pytest.fixture
def decides(as_: As, reviewer: Person) -> httpx.Client:
    """The client of whoever decides."""
    return as_(reviewer)


def ask(client: httpx.Client, graph: str, input: Json, **options: Any) -> str:
    """Start a run that stops in front of a person; the thread."""
    thread = str(client.post("/threads", json={}).json()["thread_id"])
    answer = client.post(f"/threads/{thread}/runs/wait", json={"assistant_id": graph, "input": input, **options})
    assert answer.status_code == 200, answer.text
    return thread


def items(client: httpx.Client, thread: str, status: str = "pending") -> list[Json]:
    """The review items of a thread, oldest first."""
    answer = client.post("/reviews/search", json={"thread_id": thread, "status": status, "sort_order": "asc"})
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def only_item(client: httpx.Client, thread: str) -> Json:
    """The one open item of a thread, with its context."""
    (row,) = items(client, thread)
    found: Json = client.get(f"/reviews/{row['review_id']}").json()
    return found


def decide(client: httpx.Client, review_id: str, **body: Any) -> httpx.Response:
    """A decision."""
    return client.post(f"/reviews/{review_id}/decide", json=body)
