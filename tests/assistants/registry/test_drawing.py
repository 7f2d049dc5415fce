"""Drawings at every depth, and schemas of subgraphs."""

from pathlib import Path

from tests.assistants.registry.folder import loaded

OUTER = """
from langgraph.pregel.remote import RemoteGraph
inner = builder.compile(name="inner")
{body}
graph = (
    StateGraph(State).add_node("within", within).add_node("again", again)
    .add_edge(START, "within").add_edge("within", "again").add_edge("again", END).compile()
)
"""
REMOTE = 'RemoteGraph("elsewhere", url="http://127.0.0.1:1")'


def test_a_graph_without_subgraphs_has_one_drawing(tmp_path: Path) -> None:
    graph = loaded(tmp_path, "graph = builder.compile()").get("g")
    (drawn,) = graph.drawings
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "double", "__end__"]
    assert graph.subgraphs == {}


def test_a_graph_used_twice_is_opened_twice(tmp_path: Path) -> None:
    graph = loaded(tmp_path, OUTER.format(body="within = again = inner")).get("g")
    assert {node["id"] for node in graph.drawings[-1]["nodes"]} == {"__start__", "within:double", "again:double", "__end__"}
    assert list(graph.subgraphs) == ["within", "again"]
    assert graph.subgraphs["within"]["state_schema"]["title"] == "inner_state"


def test_a_function_that_calls_a_graph_is_opened_as_well(tmp_path: Path) -> None:
    body = "def within(state): return inner.invoke(state)\ndef again(state): return {}"
    graph = loaded(tmp_path, OUTER.format(body=body)).get("g")
    assert list(graph.subgraphs) == ["within"] and len(graph.drawings) == 2


def test_a_graph_of_another_server_stays_closed_and_nobody_asks_that_server(tmp_path: Path) -> None:
    graph = loaded(tmp_path, OUTER.format(body=f"within = inner\nagain = {REMOTE}")).get("g")
    assert {node["id"] for node in graph.drawings[-1]["nodes"]} == {"__start__", "within:double", "again", "__end__"}
    assert list(graph.subgraphs) == ["within"]


def test_a_remote_graph_inside_of_a_subgraph_stays_closed_too(tmp_path: Path) -> None:
    far = f'(StateGraph(State).add_node("far", {REMOTE}).add_edge(START, "far").add_edge("far", END).compile())'
    graph = loaded(tmp_path, OUTER.format(body=f"within = {far}\nagain = inner")).get("g")
    assert {node["id"] for node in graph.drawings[-1]["nodes"]} == {"__start__", "within:far", "again:double", "__end__"}
