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
    return [found.thread.metadata.get("name") for found in search_threads(actor=owner.actor, request=search(**body))]


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


def test_values_are_searched_by_containment_and_null_matches_nothing(tenant: Tenant, owner: Person) -> None:
    threads = [made(owner, name=name) for name in "abcd"]
    for thread, values in zip(threads, ({"tag": "green", "deep": {"n": [1, 2]}}, {"tag": "red"}, ["green"], None), strict=True):
        Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(values=values)
    found: list[tuple[Json, list[str]]] = [
        ({"tag": "green"}, ["a"]),
        ({"deep": {"n": [2]}}, ["a"]),
        ({"tag": "blue"}, []),
        ({}, list("dcba")),
    ]
    for wanted, expected in found:
        assert names(owner, values=wanted) == expected
        assert count_threads(actor=owner.actor, request=search(values=wanted)) == len(expected)
    assert names(owner, values={"tag": "red"}, metadata={"name": "b"}) == ["b"]
    assert names(owner, values={"tag": "red"}, metadata={"name": "a"}) == []
    assert count_threads(actor=owner.actor, request=search(values={"tag": "red"}, metadata={"name": "b"})) == 1


def test_parts_are_extracted_without_reading_the_rest(tenant: Tenant, owner: Person) -> None:
    made(owner, name="a", list=[{"x": 1}, {"x": 2}], **{"odd.key": 1})
    Thread.objects.for_tenant(tenant.tenant_id).update(values={"answers": ["first", "last"], "0": "zero"})
    paths = {
        "last": "values.answers[-1]",
        "x": "metadata.list[1].x",
        "beyond": "values.answers[7]",
        "no_object": "values.answers.first",
        "no_array": "values[0]",
        "everything": "values.answers[*]",
        "whole": "metadata.list",
        "none": "interrupts.nothing",
        "deep": "values" + ".a" * 497,
    }
    wanted = search(select=["thread_id"], extract=paths)
    with statements() as sent:
        (row,) = [wanted.row(found) for found in search_threads(actor=owner.actor, request=wanted)]
    assert row["extracted"] == {
        "last": "last",
        "x": 2,
        "beyond": None,
        "no_object": None,
        "no_array": None,
        "everything": None,
        "whole": [{"x": 1}, {"x": 2}],
        "none": None,
        "deep": None,
    }
    assert set(row) == {"thread_id", "extracted"}
    assert len(sent) == 1 and '"thread"."config"' not in sent[0]
    assert "extracted" in search(extract={"n": "metadata.name"}, metadata={"name": "a"}).row(
        search_threads(actor=owner.actor, request=search(extract={"n": "metadata.name"}, metadata={"name": "a"}))[0]
    )


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


@pytest.mark.parametrize("key", ["created_at", "updated_at", "state_updated_at", "thread_id", "status"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_however_a_page_is_found_its_order_is_the_same(
    tenant: Tenant, owner: Person, key: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(12):
        made(owner, set="s", n=n, deep={"x": 1})
    threads = Thread.objects.for_tenant(tenant.tenant_id)
    threads.update(updated_at=Now(), created_at=Now(), state_updated_at=Now(), values={"a": 1})
    threads.filter(thread_id__in=list(threads.values_list("thread_id", flat=True)[:5])).update(status="busy")

    def pages(**filters: object) -> list[object]:
        body = {"sort_by": key, "sort_order": order, "limit": 5} | filters
        return [
            found.thread.thread_id
            for offset in (0, 5, 10)
            for found in search_threads(actor=owner.actor, request=search(**body, offset=offset))[:5]
        ]

    plain = pages()
    ids = [str(name) for name in sorted(plain, key=str)]
    assert len(set(plain)) == 12
    assert pages(ids=ids) == pages(metadata={"set": "s"}) == pages(metadata={"deep": {"x": 1}}) == pages(values={"a": 1}) == plain
    monkeypatch.setattr("runs.services.search.RARE", 2)  # the pair is common now
    assert pages(metadata={"set": "s"}) == plain
    monkeypatch.setattr("runs.services.search.NEWEST", 3)  # and few of the newest rows are looked at
    assert pages(metadata={"set": "s"}) == pages(metadata={"deep": {"x": 1}}) == plain
    assert count_threads(actor=owner.actor, request=search(metadata={"set": "s"})) == 12
    assert count_threads(actor=owner.actor, request=search(metadata={"set": "s"}, status="busy")) == 5


def test_the_newest_update_comes_first(tenant: Tenant, owner: Person) -> None:
    first = made(owner, name="a")
    made(owner, name="b")
    Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=first.thread_id).update(updated_at=Now())
    assert names(owner) == ["a", "b"]


def test_what_is_not_selected_is_not_read(owner: Person) -> None:
    made(owner, name="a")
    wanted = search(select=["thread_id", "status"])
    with statements() as sent:
        rows = [wanted.row(found) for found in search_threads(actor=owner.actor, request=wanted)]
    assert list(rows[0]) == ["thread_id", "status"]
    assert len(sent) == 1 and '"values"' not in sent[0]


def test_ended_stateless_threads_are_neither_found_nor_counted(tenant: Tenant, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = make_thread(tenant, owner.actor, temporary=True, keep=False, ended_at=Now(), metadata={"set": "s"}, values={"a": 1})
    bodies: list[Json] = [{}, {"ids": [str(ended.thread_id)]}, {"metadata": {"set": "s"}}, {"values": {"a": 1}}, {"status": "idle"}]
    for rare in (500, 0):
        monkeypatch.setattr("runs.services.search.RARE", rare)
        for body in bodies:
            assert names(owner, **body) == []
            assert count_threads(actor=owner.actor, request=search(**body)) == 0


def test_statements_of_a_search(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(**body: object) -> int:
        with statements() as found:
            search_threads(actor=owner.actor, request=search(**body))
        return len(found)

    thread = made(owner, name="a", deep={"x": 1})
    assert sent() == sent(status="idle") == 1
    assert sent(ids=[str(thread.thread_id)]) == 2
    assert sent(metadata={"name": "a"}) == 3
    assert sent(values={"a": 1}) == 2  # nothing to read in the end
    assert sent(metadata={"deep": {"x": 1}}) == 3
    monkeypatch.setattr("runs.services.search.RARE", 0)
    assert sent(metadata={"name": "a"}) == 4


def test_another_tenants_threads_are_not_found(owner: Person, stranger: Person) -> None:
    thread = made(owner, name="a")
    with acting_for(stranger.actor.tenant_id):
        assert search_threads(actor=stranger.actor, request=search(ids=[str(thread.thread_id)])) == []
        assert search_threads(actor=stranger.actor, request=search(metadata={"name": "a"})) == []
        assert count_threads(actor=stranger.actor, request=search()) == 0
