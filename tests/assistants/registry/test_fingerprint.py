"""What changes a fingerprint."""

from pathlib import Path

import pytest

from tests.assistants.registry.folder import BUILDER, loaded

OTHER = "graph = StateGraph(Other).add_node('double', double).add_edge(START, 'double').add_edge('double', END).compile()"
BASE = BUILDER + "graph = builder.compile()\n"


def fingerprint_of(folder: Path, source: str) -> str:
    folder.mkdir()
    graph = loaded(folder, source.removeprefix(BUILDER)).get("g")
    assert graph.error is None
    return graph.fingerprint


def test_the_same_graph_elsewhere_has_the_same_fingerprint(tmp_path: Path) -> None:
    assert fingerprint_of(tmp_path / "a", BASE) == fingerprint_of(tmp_path / "b", BASE + "# a comment\n")


@pytest.mark.parametrize(
    "change",
    [
        "graph = builder.compile(interrupt_before=['double'])",
        "graph = builder.add_node('more', double).compile()",
        "graph = builder.add_node('more', double).add_edge('double', 'more').compile()",
        "graph = builder.add_conditional_edges('double', lambda s: '__end__', ['__end__', 'double']).compile()",
        "graph = StateGraph(State).add_node('double', builder.compile()).add_edge(START, 'double').compile()",
        f"class Other(TypedDict):\n    x: str\n{OTHER}",
        f"import operator\nfrom typing import Annotated\nclass Other(TypedDict):\n    x: Annotated[int, operator.add]\n{OTHER}",
    ],
)
def test_another_shape_has_another_fingerprint(tmp_path: Path, change: str) -> None:
    assert fingerprint_of(tmp_path / "a", BASE) != fingerprint_of(tmp_path / "b", BUILDER + change + "\n")
