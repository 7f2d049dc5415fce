"""Loading graphs and handing them out."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from assistants.registry import loader, source
from assistants.registry.loader import LoadedGraph, load_graphs
from assistants.registry.manifest import Manifest, ManifestError
from tenants.exceptions import BadRequest, NotFound
from tests.assistants.registry.folder import BUILDER, loaded, write

WIRE = Path(__file__).resolve().parents[2] / "graphs" / "langgraph.json"


async def result(graph: LoadedGraph) -> Any:
    async with graph.graph({}, purpose="run", checkpointer=None, store=None) as made:
        return await made.ainvoke({"x": 3})


@pytest.mark.parametrize("source", ["graph = builder.compile()", "graph = builder"])
async def test_a_graph_may_be_compiled_or_a_builder(tmp_path: Path, source: str) -> None:
    assert await result(loaded(tmp_path, source).get("g")) == {"x": 6}


async def test_a_graph_may_be_an_entrypoint(tmp_path: Path) -> None:
    source = "from langgraph.func import entrypoint\n@entrypoint()\nasync def graph(given: dict) -> dict:\n    return {'y': given['x']}\n"
    assert await result(loaded(tmp_path, source).get("g")) == {"y": 3}


async def test_a_graph_may_come_from_a_module_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "shelf_of_graphs").mkdir()
    (tmp_path / "shelf_of_graphs" / "__init__.py").write_text("")
    (tmp_path / "shelf_of_graphs" / "agent.py").write_text(BUILDER)
    registry = load_graphs(write(tmp_path, {"dotted": "shelf_of_graphs.agent:builder", "file": "./shelf_of_graphs/agent.py:builder"}))
    assert [await result(graph) for graph in registry] == [{"x": 6}, {"x": 6}]
    assert registry.get("dotted").fingerprint == registry.get("file").fingerprint


def test_graphs_of_one_file_import_it_once(tmp_path: Path) -> None:
    source = BUILDER + "\nfrom pathlib import Path\nPath(__file__ + '.count').touch(exist_ok=False)\n"
    registry = load_graphs(write(tmp_path, {"a": "./counted_import.py:builder", "b": "./counted_import.py:builder"}, counted_import=source))
    assert [graph.error for graph in registry] == [None, None]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("raise ValueError('no key\\nmore')", "ValueError: no key"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("graph = 5", "TypeError: expected a compiled graph, a StateGraph or a function that makes one, not int"),
        ("", "AttributeError: ./agent.py has no variable 'graph'"),
        ("def graph(a, b): ...", "TypeError: parameter 'b' of a graph factory must be a RunnableConfig or a ServerRuntime"),
        ("raise ValueError('\\0 \\ud800')", "ValueError: \ufffd ?"),
    ],
)
async def test_a_graph_that_fails_stops_no_other(tmp_path: Path, source: str, error: str) -> None:
    registry = load_graphs(write(tmp_path, {"bad": "./bad.py:graph", "good": "./good.py:builder"}, bad=source, good=BUILDER))
    bad = registry.get("bad")
    # the text of a missing variable names its own file
    assert bad.error == error.replace("agent", "bad")
    assert len(bad.fingerprint) == len(bad.revision) == 64
    with pytest.raises(BadRequest, match="Graph 'bad' could not be loaded"):
        await result(bad)
    assert await result(registry.get("good")) == {"x": 6}


def test_a_missing_file_is_that_graphs_error(tmp_path: Path) -> None:
    error = load_graphs(write(tmp_path, {"g": "./gone.py:graph"})).get("g").error
    assert error is not None and error.startswith("FileNotFoundError: ./gone.py does not exist")


def test_an_unknown_graph_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"Graph 'nope' not found. Expected one of: \['g'\]"):
        loaded(tmp_path, "graph = builder").get("nope")


async def test_a_plain_graph_is_bound_once_per_checkpointer(tmp_path: Path) -> None:
    graph = loaded(tmp_path, "graph = builder.compile()").get("g")
    saver = InMemorySaver()
    seen = []
    for checkpointer in (saver, saver, InMemorySaver()):
        async with graph.graph({}, purpose="run", checkpointer=checkpointer, store=InMemoryStore()) as made:
            seen.append(made)
    assert seen[0] is seen[1] and seen[1] is not seen[2]
    assert (seen[0].checkpointer, seen[0].store, seen[0].name) == (saver, None, "g")


async def test_state_is_read_with_a_saver_and_store_of_its_own(tmp_path: Path) -> None:
    graph = loaded(tmp_path, "graph = builder.compile()").get("g")
    running, reading, store = InMemorySaver(), InMemorySaver(), InMemoryStore()
    async with (
        graph.graph({}, purpose="run", checkpointer=running, store=None) as run,
        graph.graph({}, purpose="state", checkpointer=reading, store=store) as state,
    ):
        assert (run.checkpointer, state.checkpointer, state.store) == (running, reading, store)


def test_schemas_and_drawing_are_the_recorded_ones() -> None:
    registry = load_graphs(Manifest.read(WIRE))
    memory, workflow = registry.get("memory"), registry.get("workflow")
    assert memory.schemas["input_schema"] == {
        "properties": {"note": {"title": "Note", "type": "string"}},
        "title": "InputState",
        "type": "object",
    }
    assert memory.schemas["state_schema"]["title"] == "memory_state"
    assert memory.schemas["config_schema"] == memory.schemas["context_schema"] != {}
    assert memory.context_keys == frozenset({"user_id", "tone", "limit"}) and memory.has_context_schema
    assert (workflow.schemas["output_schema"], workflow.schemas["config_schema"], workflow.context_keys) == (None, {}, None)
    assert workflow.schemas["state_schema"]["properties"] == {"__end__": {"default": None, "title": "End  "}}
    assert workflow.drawing == {
        "nodes": [{"id": "graph", "type": "runnable", "data": {"name": "graph"}}, {"id": "__start__"}, {"id": "__end__"}],
        "edges": [{"source": "__start__", "target": "graph"}, {"source": "graph", "target": "__end__", "conditional": True}],
    }
    assert json.dumps([graph.schemas for graph in registry])


def test_revision_follows_the_code_and_the_entry(tmp_path: Path) -> None:
    first = loaded(tmp_path, "graph = builder").get("g").revision
    assert load_graphs(write(tmp_path, {"g": "./agent.py:graph"})).get("g").revision == first
    assert load_graphs(write(tmp_path, {"g": {"path": "./agent.py:graph", "description": "new"}})).get("g").revision != first
    assert load_graphs(write(tmp_path, {"g": "./agent.py:graph"}, neighbour="")).get("g").revision != first


def test_revision_follows_what_is_recorded_about_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = loaded(tmp_path, "graph = builder").get("g").revision
    monkeypatch.setattr(source, "FORM", "next")
    assert loaded(tmp_path, "graph = builder").get("g").revision != first


def test_a_process_loads_its_graphs_once_and_others_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_process", loader._Process())
    path = write(tmp_path, {"g": "./agent.py:builder"}, agent=BUILDER).path
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(loader.registry()))
    waiting.start()
    first = loader.load(path)
    waiting.join()
    assert got == [first]
    assert loader.load(path) is first


def test_an_unusable_manifest_is_told_to_everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_process", loader._Process())
    with pytest.raises(ManifestError):
        loader.load(tmp_path / "langgraph.json")
    with pytest.raises(RuntimeError, match="could not be loaded"):
        loader.registry()


@pytest.mark.parametrize(("name", "error"), [("half-made", "ValueError: no"), ("json", None)])
def test_a_file_whose_name_cannot_be_imported_works_as_well(tmp_path: Path, name: str, error: str | None) -> None:
    source = BUILDER + ("raise ValueError('no')" if error else "")
    graph = load_graphs(write(tmp_path, {"g": f"./{name}.py:builder"}, **{name: source})).get("g")
    assert graph.error == error
    again = load_graphs(write(tmp_path, {"g": f"./{name}.py:builder"}, **{name: BUILDER})).get("g")
    assert again.error is None


def test_two_folders_may_have_files_of_the_same_name(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        graph = load_graphs(write(tmp_path / folder, {folder: "./half-made.py:builder"}, **{"half-made": BUILDER})).get(folder)
        assert graph.error is None and graph.drawing["nodes"]


async def test_classes_of_the_state_come_back_from_a_checkpoint_as_what_they_were(tmp_path: Path) -> None:
    """LangGraph builds only classes that the graph's own schema names: a bound copy has to know them, too."""
    (tmp_path / "orders.py").write_text(
        "from dataclasses import dataclass\nfrom typing import TypedDict\nfrom langgraph.graph import END, START, StateGraph\n"
        "@dataclass\nclass Order:\n    number: int\n"
        "class State(TypedDict, total=False):\n    order: Order\n"
        "builder = StateGraph(State)\nbuilder.add_node('place', lambda state: {'order': Order(7)})\n"
        "builder.add_edge(START, 'place')\nbuilder.add_edge('place', END)\ngraph = builder.compile()\n"
    )
    registry = load_graphs(write(tmp_path, {"orders": "./orders.py:graph"}))
    config: Any = {"configurable": {"thread_id": "t"}}
    async with registry.get("orders").graph(config, purpose="run", checkpointer=InMemorySaver(), store=None) as made:
        await made.ainvoke({}, config)
        order = (await made.aget_state(config)).values["order"]
    assert (type(order).__name__, order.number) == ("Order", 7)
