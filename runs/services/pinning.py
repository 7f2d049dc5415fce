"""What a run is pinned to when it is accepted: assistant version, graph fingerprint, and the settings merged from all sides."""

from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from assistants.registry.loader import LoadedGraph, registry
from assistants.services.assistants import resolve_id
from runs.models import Run
from runs.services.situation import AssistantRow
from runs.wire.merge import AssistantPart, Merged, ThreadPart, merge
from runs.wire.runs import RunRequest
from tenants.actors import Actor
from tenants.exceptions import Invalid, NotFound


def assistant_id_of(name: str) -> UUID:
    """The assistant a request means; a graph's name is its built-in one. Raises Invalid, listing the graphs. No query: it may not exist."""
    try:
        return resolve_id(name)
    except Invalid as error:
        graphs = ", ".join(registry().entries)
        text = f"Invalid assistant: '{name}'. Must be either:\n- A valid assistant UUID, or\n- One of the registered graphs: {graphs}"
        raise Invalid(text) from error


@dataclass(frozen=True, slots=True)
class Pin:
    """An assistant's version with its graph as this process has it."""

    assistant: AssistantRow
    graph: LoadedGraph

    @classmethod
    def of(cls, assistant: AssistantRow) -> "Pin":
        """Raises Invalid when langgraph.json has the graph no longer or it failed to import."""
        try:
            graph = registry().get(assistant.graph_id)
        except NotFound as error:
            raise Invalid(str(error)) from error
        if graph.error is not None:
            raise Invalid(f"Graph '{graph.graph_id}' could not be loaded: {graph.error}")
        return cls(assistant, graph)

    def merged(self, thread: ThreadPart, request: RunRequest) -> Merged:
        """Settings of assistant, thread and request; the worker needs none of them again."""
        row = self.assistant
        part = AssistantPart(str(row.assistant_id), row.graph_id, row.config, row.context, row.metadata, self.graph.context_keys)
        return merge(part, thread, request.part())

    def run(self, actor: Actor, thread_id: UUID, request: RunRequest, merged: Merged) -> Run:
        """A pending run, not stored yet."""
        run = Run(
            tenant_id=actor.tenant_id,
            run_id=UUID(bytes=uuid7().bytes),
            thread_id=thread_id,
            assistant_id=self.assistant.assistant_id,
            assistant_version=self.assistant.version,
            graph_id=self.assistant.graph_id,
            graph_fingerprint=self.graph.fingerprint,
            kwargs=request.kwargs(merged),
            metadata=merged.metadata,
            multitask_strategy=request.multitask_strategy,
            resumable=request.stream_resumable,
            created_by=actor.identity,
        )
        run.after_seconds = request.after_seconds
        return run
