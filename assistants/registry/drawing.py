"""The drawing of a graph, as `/assistants/{id}/graph` shows it."""

from typing import Any

from langchain_core.runnables import RunnableConfig

from assistants.registry.factory import AnyPregel

NO_DRAWING: dict[str, Any] = {"nodes": [], "edges": []}


def drawing(graph: AnyPregel, config: RunnableConfig, xray: int | bool = False) -> dict[str, Any]:
    """Nodes and edges; `data` holds names only."""
    drawn = graph.get_graph(config, xray=xray).to_json()
    for node in drawn["nodes"]:
        if isinstance(data := node.get("data"), dict):
            data.pop("id", None)
    return drawn
