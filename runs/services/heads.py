"""Which graph a thread's state belongs to, and its head."""

import logging

from assistants.registry.loader import LoadedGraph, registry
from runs.checkpoints.state import Place, Snapshot, empty_snapshot, read_state
from runs.models import Thread
from tenants.exceptions import Conflict, NotFound

logger = logging.getLogger("runs.heads")


def graph_id_of(thread: Thread) -> str | None:
    """The graph of the thread's last run; before its first one, the graph that its metadata names."""
    named = thread.metadata.get("graph_id")
    return thread.graph_id or (named if isinstance(named, str) else None)


def graph_of(thread: Thread) -> LoadedGraph | None:
    """The loaded graph, None for a thread without one. Raises Conflict when this process cannot read the thread's state."""
    graph_id = graph_id_of(thread)
    if graph_id is None:
        return None
    try:
        graph = registry().get(graph_id)
    except NotFound as error:
        raise Conflict(f"The state of this thread belongs to graph '{graph_id}', which this server does not have.") from error
    if graph.error is not None:
        raise Conflict(f"The state of this thread belongs to graph '{graph_id}', which could not be loaded: {graph.error}")
    return graph


def place_of(thread: Thread, checkpoint_id: str | None = None, checkpoint_ns: str = "") -> Place:
    """An address in the thread's history."""
    configurable = thread.config.get("configurable") or {}
    return Place(thread.tenant_id, thread.thread_id, checkpoint_id, checkpoint_ns, configurable)


def read_head(thread: Thread) -> Snapshot | None:
    """The thread's newest state, None when its graph cannot be loaded here or cannot read it."""
    try:
        graph = graph_of(thread)
        return empty_snapshot() if graph is None else read_state(graph, place_of(thread))
    except Conflict as error:
        ids = {"thread_id": str(thread.thread_id), "tenant_id": str(thread.tenant_id)}
        logger.warning("head not read", extra=ids | {"reason": str(error)})
        return None
