"""Finding and counting assistants."""

import pytest
from pytest_django import DjangoAssertNumQueries

from assistants.services.assistants import count_assistants, get_assistant, search_assistants
from assistants.wire import AssistantFilter, AssistantSearch
from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.exceptions import NotFound
from tests.assistants.services.made import created
from tests.builders import GRAPHS, Person


def found(actor: Actor, **body: object) -> list[str]:
    rows, _ = search_assistants(actor=actor, request=AssistantSearch.parse(body))
    return [row.name for row in rows]


@pytest.fixture
def greek(owner: Person) -> Actor:
    for name in ("Alpha", "beta", "Gamma"):
        created(owner.actor, "chat", name=name, metadata={"deep": {"k": "v"}, "first": name[0]})
    return owner.actor


def test_newest_first_unless_sorted_otherwise(greek: Actor) -> None:
    assert found(greek, limit=3) == ["Gamma", "beta", "Alpha"]
    assert found(greek, metadata={"deep": {"k": "v"}}, sort_by="name", sort_order="asc") == ["Alpha", "beta", "Gamma"]
    assert found(greek, metadata={"deep": {}}, sort_by="created_at", sort_order="asc") == ["Alpha", "beta", "Gamma"]


@pytest.mark.parametrize("key", ["assistant_id", "graph_id", "name", "created_at", "updated_at"])
def test_everything_can_be_sorted_by(greek: Actor, key: str) -> None:
    assert len(found(greek, sort_by=key, limit=1000)) == len(GRAPHS) + 3


def test_a_name_is_found_by_a_part_of_it(greek: Actor) -> None:
    assert found(greek, name="ALPH") == ["Alpha"]
    assert found(greek, name="%") == []


def test_pages_know_whether_there_is_another(greek: Actor) -> None:
    pages = [AssistantSearch.parse({"graph_id": "chat", "limit": 2, "offset": offset}) for offset in (0, 2, 4)]
    seen = [([row.name for row in rows], more) for rows, more in (search_assistants(actor=greek, request=page) for page in pages)]
    assert seen == [
        (["Gamma", "beta"], True),
        (["Alpha", "chat"], False),
        ([], False),
    ]


def test_an_unknown_graph_is_not_found(owner: Person) -> None:
    with pytest.raises(NotFound, match="Graph 'nope' not found"):
        found(owner.actor, graph_id="nope")
    with pytest.raises(NotFound, match="Graph 'nope' not found"):
        count_assistants(actor=owner.actor, request=AssistantFilter.parse({"graph_id": "nope"}))


def test_counts_use_the_same_filters(greek: Actor) -> None:
    bodies: list[dict[str, object]] = [{}, {"graph_id": "chat", "metadata": {"deep": {"k": "v"}}}, {"name": "alph"}]
    assert [count_assistants(actor=greek, request=AssistantFilter.parse(body)) for body in bodies] == [len(GRAPHS) + 3, 3, 1]


def test_another_tenant_sees_its_own_only(greek: Actor, stranger: Person) -> None:
    with acting_for(stranger.actor.tenant_id):
        assert sorted(found(stranger.actor, limit=100)) == GRAPHS


def test_one_statement_each(greek: Actor, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = created(greek)
    with django_assert_num_queries(1):
        found(greek, metadata={"deep": {"k": "v"}}, name="a")
    with django_assert_num_queries(1):
        count_assistants(actor=greek, request=AssistantFilter.parse({}))
    with django_assert_num_queries(1):
        get_assistant(actor=greek, assistant_id=row.assistant_id)
