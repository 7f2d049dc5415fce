"""Rows, drawings and schemas of graphs."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from assistants.models import Graph
from assistants.registry.loader import LoadedGraph, Registry, registry
from assistants.services.assistants import builtin_id
from assistants.services.graphs import assistant_drawing, assistant_schemas, assistant_subgraphs, record_graphs
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tests.assistants.services.made import created
from tests.builders import Person
from tests.statements import statements


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


def test_what_reading_needs_is_on_the_row(database: None) -> None:
    record_graphs(registry())
    nested = registry().get("nested")
    row = Graph.objects.get(graph_id="nested", revision=nested.revision)
    assert [row.drawing, *(row.xray or ())] == nested.drawings and len(nested.drawings) == 3
    assert row.subgraphs == nested.subgraphs and list(nested.subgraphs) == ["middle", "middle|inner"]


def nodes(actor: Actor, xray: int | bool) -> list[str]:
    drawn = assistant_drawing(actor=actor, assistant_id=builtin_id("nested"), xray=xray)
    return [node["id"] for node in drawn["nodes"]]


def test_subgraphs_open_level_by_level(owner: Person) -> None:
    assert nodes(owner.actor, False) == ["__start__", "top", "middle", "__end__"]
    assert nodes(owner.actor, 1) == ["__start__", "top", "__end__", "middle:gate", "middle:inner"]
    deepest = ["__start__", "top", "__end__", "middle:gate", "middle:inner:leaf"]
    assert [nodes(owner.actor, xray) for xray in (2, 999_999_999, True)] == [deepest] * 3


@pytest.mark.parametrize(
    ("namespace", "recurse", "names"),
    [
        (None, False, ["middle"]),
        (None, True, ["middle", "middle|inner"]),
        ("middle", True, ["middle"]),
        ("middle|inner", False, []),
        ("middle|inner", True, ["middle|inner"]),
        ("mid", True, []),
        ("middle|", True, []),
        ("../middle", True, []),
    ],
)
def test_subgraphs_are_found_by_namespace(owner: Person, namespace: str | None, recurse: bool, names: list[str]) -> None:
    found = assistant_subgraphs(actor=owner.actor, assistant_id=builtin_id("nested"), namespace=namespace, recurse=recurse)
    assert list(found) == names


def test_reading_runs_no_graph_code(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry().get("nested"), "source", None)
    assert nodes(owner.actor, True)
    assert assistant_schemas(actor=owner.actor, assistant_id=builtin_id("nested"))["input_schema"]
    assert assistant_subgraphs(actor=owner.actor, assistant_id=builtin_id("nested"))


def test_reading_is_one_statement(owner: Person) -> None:
    nodes(owner.actor, False)
    with statements() as sent:
        nodes(owner.actor, True)
    assert len(sent) == 1


@pytest.mark.parametrize("read", [assistant_drawing, assistant_schemas, assistant_subgraphs])
def test_a_graph_that_did_not_load_says_so(owner: Person, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any]) -> None:
    monkeypatch.setitem(registry().entries, "broken", LoadedGraph("broken", None, "r", "f", error="ValueError: no key"))
    row = created(owner.actor, "broken")
    with pytest.raises(Conflict, match=r"^Graph 'broken' could not be loaded: ValueError: no key$"):
        read(actor=owner.actor, assistant_id=row.assistant_id)


def test_an_assistant_shows_its_graph(owner: Person) -> None:
    row = created(owner.actor, "nested")
    drawn = assistant_drawing(actor=owner.actor, assistant_id=row.assistant_id)
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "top", "middle", "__end__"]
    assert assistant_schemas(actor=owner.actor, assistant_id=builtin_id("memory"))["graph_id"] == "memory"


def test_an_unknown_assistant_shows_nothing(owner: Person) -> None:
    with pytest.raises(NotFound, match=r"^Not Found$"):
        assistant_schemas(actor=owner.actor, assistant_id=uuid4())
