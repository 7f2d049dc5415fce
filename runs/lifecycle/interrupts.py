"""What waits for a person at a checkpoint, classified once (kinds and answers: docs/run-lifecycle.md)."""

from dataclasses import dataclass
from typing import Any, Protocol

from runs.wire.encoding import dumps


class Task(Protocol):
    """A task of a state snapshot."""

    id: str
    name: str
    interrupts: tuple[Any, ...]


class Snapshot(Protocol):
    """What is read of LangGraph's StateSnapshot."""

    next: tuple[str, ...]
    tasks: tuple[Any, ...]
    config: Any


@dataclass(frozen=True, slots=True)
class PendingInterrupt:
    """One row to be. `value` and `schema` are as the graph gave them, not yet JSON."""

    interrupt_id: str
    task_id: str | None
    node: str | None
    kind: str
    action: str | None
    value: Any
    schema: dict[str, Any] | None
    allowed: tuple[str, ...]

    @property
    def proposal(self) -> str:
        """Value and schema as JSON text in the graph's own order of keys, which jsonb forgets: forms and digests are made from it."""
        return dumps({"value": self.value, "schema": self.schema}).decode()


def classify(value: Any, schema: dict[str, Any] | None) -> tuple[str, str | None, tuple[str, ...]]:
    """(kind, the author's word for the action, allowed decisions). An unknown shape is a question."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict) and value.get("type") == "tool_approval" and schema:
        return "tool_approval", text_or_none(value.get("action") or value.get("name")), ("approve", "edit", "respond", "reject")
    if isinstance(value, dict) and isinstance(value.get("action_requests"), list) and isinstance(value.get("review_configs"), list):
        names = [request.get("name") for request in value["action_requests"] if isinstance(request, dict)]
        return "batch", text_or_none(names[0] if names else None), ("approve", "edit", "respond", "reject")
    if isinstance(first, dict) and isinstance(first.get("action_request"), dict) and isinstance(first.get("config"), dict):
        allowed = tuple(
            decision
            for decision, switch in (
                ("accept", "allow_accept"),
                ("edit", "allow_edit"),
                ("response", "allow_respond"),
                ("ignore", "allow_ignore"),
            )
            if first["config"].get(switch)
        )
        return "inbox_request", text_or_none(first["action_request"].get("action")), allowed
    if schema:
        return "form", None, ("respond",)
    return "question", None, ("respond",)


def text_or_none(value: Any) -> str | None:
    """Only text is a word for an action."""
    return value if isinstance(value, str) else None


def schema_of(interrupt: Any) -> dict[str, Any] | None:
    """The schema that an answer has to fit: the interrupt's own, or the one its value carries."""
    schema = getattr(interrupt, "response_schema", None)
    if not isinstance(schema, dict) and isinstance(interrupt.value, dict):
        schema = interrupt.value.get("response_schema")
    return schema if isinstance(schema, dict) else None


def pending_interrupts(snapshot: Snapshot, *, breakpoint_hit: bool = False) -> list[PendingInterrupt]:
    """The rows a thread has at this head. `breakpoint_hit`: the run stopped before or after a node without an interrupt of its own."""
    found: dict[str, PendingInterrupt] = {}
    for task in snapshot.tasks:
        for interrupt in task.interrupts:
            schema = schema_of(interrupt)
            kind, action, allowed = classify(interrupt.value, schema)
            found[interrupt.id] = PendingInterrupt(interrupt.id, task.id, task.name, kind, action, interrupt.value, schema, allowed)
    if not found and breakpoint_hit and snapshot.next:
        checkpoint_id = snapshot.config["configurable"]["checkpoint_id"]
        return [PendingInterrupt(f"breakpoint:{checkpoint_id}", None, snapshot.next[0], "breakpoint", None, None, None, ("continue",))]
    return list(found.values())
