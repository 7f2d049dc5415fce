"""Rows, drawings and schemas of graphs."""

from uuid import uuid4

import pytest

from assistants.models import Graph
from assistants.registry.loader import LoadedGraph, Registry, registry
from assistants.services.assistants import builtin_id
from assistants.services.graphs import assistant_drawing, assistant_schemas, record_graphs
from tenants.exceptions import NotFound
from tests.assistants.services.made import created
from tests.builders import Person


def test_each_revision_is_one_row_that_never_changes(database: None) -> None:
    revision = uuid4().hex
    for error in ("first", "second"):
        record_graphs(Registry(registry().path, {"g": LoadedGraph("g", "d", revision, "f" * 64, error=error)}))
    row = Graph.objects.get(graph_id="g", revision=revision)
    assert (row.error, row.fingerprint, row.description) == ("first", "f" * 64, "d")


def test_all_graphs_can_be_recorded(database: None) -> None:
    record_graphs(registry())
    memory = registry().get("memory")
    row = Graph.objects.get(graph_id="memory", revision=memory.revision)
    assert (row.schemas, row.drawing, row.error) == (memory.schemas, memory.drawing, None)


def test_an_assistant_shows_its_graph(owner: Person) -> None:
    row = created(owner.actor, "nested")
    drawn = assistant_drawing(actor=owner.actor, assistant_id=row.assistant_id)
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "top", "middle", "__end__"]
    assert assistant_schemas(actor=owner.actor, assistant_id=builtin_id("memory"))["graph_id"] == "memory"


def test_an_unknown_assistant_shows_nothing(owner: Person) -> None:
    with pytest.raises(NotFound, match=r"^Not Found$"):
        assistant_schemas(actor=owner.actor, assistant_id=uuid4())
