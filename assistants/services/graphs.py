"""What is known about graphs: their drawings and schemas, and the rows that record each revision."""

from typing import Any
from uuid import UUID

from assistants.models import Graph
from assistants.registry.loader import LoadedGraph, Registry, registry
from assistants.services.assistants import get_assistant
from tenants.actors import Actor
from tenants.exceptions import Conflict

INSIDE = "|"  # between the names of a namespace


def record_graphs(loaded: Registry) -> None:
    """Write one row per graph and revision; what another process has written stays. Safe to repeat."""
    Graph.objects.bulk_create([_row(graph) for graph in loaded], ignore_conflicts=True)


def assistant_drawing(*, actor: Actor, assistant_id: UUID, xray: int | bool = False) -> dict[str, Any]:
    """Nodes and edges of the assistant's graph; `xray` opens its subgraphs: all of them, or so many levels."""
    drawings = _graph_of(actor, assistant_id).drawings
    return drawings[-1] if xray is True else drawings[min(int(xray), len(drawings) - 1)]


def assistant_schemas(*, actor: Actor, assistant_id: UUID) -> dict[str, Any]:
    """JSON schemas of the assistant's graph."""
    graph = _graph_of(actor, assistant_id)
    return {"graph_id": graph.graph_id} | graph.schemas


def assistant_subgraphs(*, actor: Actor, assistant_id: UUID, namespace: str | None = None, recurse: bool = False) -> dict[str, Any]:
    """JSON schemas of the graph's subgraphs by namespace; those inside of others only with `recurse`. One namespace: its own or nothing."""
    found = _graph_of(actor, assistant_id).subgraphs
    return {
        name: schemas for name, schemas in found.items() if (namespace is None or name == namespace) and (recurse or INSIDE not in name)
    }


def _graph_of(actor: Actor, assistant_id: UUID) -> LoadedGraph:
    """What was made of it when it was loaded: nothing here runs graph code. Raises Conflict for one that did not load."""
    graph = registry().get(get_assistant(actor=actor, assistant_id=assistant_id).graph_id)
    if graph.error is not None:
        raise Conflict(f"Graph '{graph.graph_id}' could not be loaded: {graph.error}")
    return graph


def _row(graph: LoadedGraph) -> Graph:
    return Graph(
        graph_id=graph.graph_id,
        revision=graph.revision,
        fingerprint=graph.fingerprint,
        description=graph.description,
        schemas=graph.schemas,
        drawing=graph.drawing,
        xray=graph.drawings[1:],
        subgraphs=graph.subgraphs,
        error=graph.error,
    )
