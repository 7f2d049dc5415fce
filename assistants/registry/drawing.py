"""The drawings of a graph, as `/assistants/{id}/graph` shows them."""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.pregel import Pregel

from assistants.registry.factory import AnyPregel

NO_DRAWING: dict[str, Any] = {"nodes": [], "edges": []}


def drawings(graph: AnyPregel, config: RunnableConfig) -> list[dict[str, Any]]:
    """The drawing at every depth: first with closed subgraphs, then with those of one level opened, and so on down to the last."""
    here = _without_remotes(graph)
    return [_drawing(here, config, depth) for depth in range(_levels(here) + 1)]


def _drawing(graph: AnyPregel, config: RunnableConfig, depth: int) -> dict[str, Any]:
    """Nodes and edges; `data` holds names only."""
    drawn = graph.get_graph(config, xray=depth).to_json()
    for node in drawn["nodes"]:
        if isinstance(data := node.get("data"), dict):
            data.pop("id", None)
    return drawn


def _levels(graph: AnyPregel) -> int:
    return max((1 + _levels(sub) for _, sub in graph.get_subgraphs() if isinstance(sub, Pregel)), default=0)


def _without_remotes(graph: AnyPregel) -> AnyPregel:
    """With the graphs of other servers closed for good: to open one its server is asked, which may be this one, still starting."""
    closed = {}
    for name, node in graph.nodes.items():
        kept = [_without_remotes(sub) for sub in node.subgraphs if isinstance(sub, Pregel)]
        if len(kept) != len(node.subgraphs) or any(new is not old for new, old in zip(kept, node.subgraphs, strict=True)):
            closed[name] = node.copy({"subgraphs": kept})
    return graph.copy({"nodes": {**graph.nodes, **closed}}) if closed else graph
