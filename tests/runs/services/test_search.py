"""Finding threads."""

import pytest
from django.db.models.functions import Now

from runs.models import Thread
from runs.services.search import count_threads, search_threads
from runs.services.threads import create_thread
from runs.wire.threads import ThreadCreate, ThreadSearch
from tenants.database.context import acting_for
from tenants.models import Json, Tenant
from tests.builders import Person, make_thread
from tests.statements import statements


def search(**body: object) -> ThreadSearch:
    """A body."""
    return ThreadSearch.parse(body)


def made(owner: Person, **metadata: object) -> Thread:
    """A thread with metadata, through the service, which indexes it."""
    return create_thread(actor=owner.actor, request=ThreadCreate.parse({"metadata": metadata}))


def names(owner: Person, **body: object) -> list[object]:
    """`name` of the threads that are found."""
    return [thread.metadata.get("name") for thread in search_threads(actor=owner.actor, request=search(**body))]


METADATA: list[tuple[Json, list[str]]] = [
    ({}, ["c", "b", "a"]),
    ({"name": "a"}, ["a"]),
    ({"set": "s"}, ["b", "a"]),
    ({"set": "s", "name": "b"}, ["b"]),
    ({"n": 1}, ["b", "a"]),
    ({"n": True}, []),
    ({"deep": {"x": 1}}, ["a"]),
    ({"deep": {}}, ["c", "a"]),
    ({"long": "z" * 300}, ["a"]),
    ({"long": "z" * 299}, []),
    ({"none": None}, ["c"]),
    ({"absent": "x"}, []),
]


@pytest.mark.parametrize(("wanted", "found"), METADATA, ids=lambda value: str(value)[:40])
def test_metadata_is_searched_by_containment(owner: Person, wanted: Json, found: list[str]) -> None:
    made(owner, name="a", set="s", n=1, deep={"x": 1, "y": 2}, long="z" * 300)
    made(owner, name="b", set="s", n=1.0)
    made(owner, name="c", deep={"x": 3}, none=None)
    assert names(owner, metadata=wanted) == found
    assert count_threads(actor=owner.actor, request=search(metadata=wanted)) == len(found)


def test_many_metadata_keys_cost_a_few_lookups(owner: Person) -> None:
    metadata = {f"k{n}": n for n in range(1000)}
    made(owner, name="a", **metadata)
    made(owner, name="b", **metadata | {"k999": 0})
    with statements() as sent:
        assert names(owner, metadata=metadata) == ["a"]
    assert sent[0].count("thread_metadata") < 20


def test_filters_are_anded(tenant: Tenant, owner: Person) -> None:
    first, second = made(owner, name="a"), made(owner, name="b")
    Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=first.thread_id).update(status="busy")
    assert names(owner, ids=[str(first.thread_id), str(second.thread_id)], status="busy") == ["a"]
    assert names(owner, ids=[str(second.thread_id)], status="busy") == []
    assert names(owner, ids=[]) == []


@pytest.mark.parametrize("key", ["created_at", "updated_at", "state_updated_at", "thread_id"])
def test_pages_in_both_directions(tenant: Tenant, owner: Person, key: str) -> None:
    for name in "abcde":
        made(owner, name=name)
    down = names(owner, sort_by=key)
    assert down == list("edcba")
    assert names(owner, sort_by=key, sort_order="asc") == down[::-1]
    assert names(owner, sort_by=key, limit=2, offset=2) == down[2:5]


def test_the_newest_update_comes_first(tenant: Tenant, owner: Person) -> None:
    first = made(owner, name="a")
    made(owner, name="b")
    Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=first.thread_id).update(updated_at=Now())
    assert names(owner) == ["a", "b"]


def test_what_is_not_selected_is_not_read(owner: Person) -> None:
    made(owner, name="a")
    wanted = search(select=["thread_id", "status"])
    with statements() as sent:
        rows = [wanted.row(thread) for thread in search_threads(actor=owner.actor, request=wanted)]
    assert list(rows[0]) == ["thread_id", "status"]
    assert len(sent) == 1 and '"values"' not in sent[0]


def test_ended_stateless_threads_are_not_found(tenant: Tenant, owner: Person) -> None:
    make_thread(tenant, owner.actor, temporary=True, keep=False, ended_at=Now())
    assert names(owner) == []


def test_another_tenants_threads_are_not_found(owner: Person, stranger: Person) -> None:
    thread = made(owner, name="a")
    with acting_for(stranger.actor.tenant_id):
        assert search_threads(actor=stranger.actor, request=search(ids=[str(thread.thread_id)])) == []
        assert search_threads(actor=stranger.actor, request=search(metadata={"name": "a"})) == []
        assert count_threads(actor=stranger.actor, request=search()) == 0
