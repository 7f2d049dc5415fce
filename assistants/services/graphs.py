"""What is known about graphs: their drawings and schemas, and the rows that record each revision."""

from typing import Any
from uuid import UUID

from assistants.models import Graph
from assistants.registry.loader import LoadedGraph, Registry, registry
from assistants.services.assistants import get_assistant
from tenants.actors import Actor


def record_graphs(loaded: Registry) -> None:
    """Write one row per graph and revision; what another process has written stays. Safe to repeat."""
    Graph.objects.bulk_create([_row(graph) for graph in loaded], ignore_conflicts=True)


def assistant_drawing(*, actor: Actor, assistant_id: UUID) -> dict[str, Any]:
    """Nodes and edges of the assistant's graph."""
    return registry().get(get_assistant(actor=actor, assistant_id=assistant_id).graph_id).drawing


def assistant_schemas(*, actor: Actor, assistant_id: UUID) -> dict[str, Any]:
    """JSON schemas of the assistant's graph."""
    graph = registry().get(get_assistant(actor=actor, assistant_id=assistant_id).graph_id)
    return {"graph_id": graph.graph_id} | graph.schemas


def _row(graph: LoadedGraph) -> Graph:
    return Graph(
        graph_id=graph.graph_id,
        revision=graph.revision,
        fingerprint=graph.fingerprint,
        description=graph.description,
        schemas=graph.schemas,
        drawing=graph.drawing,
        error=graph.error,
    )
