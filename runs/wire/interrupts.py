"""The two shapes of an interrupt: in streams and wait bodies, and in thread rows and states."""

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from langgraph.types import Interrupt, PregelTask

from runs.wire.encoding import to_json


class StreamedInterrupt(TypedDict):
    """An interrupt in a stream or wait body."""

    value: Any
    id: str
    response_schema: dict[str, Any] | None


class StoredInterrupt(TypedDict):
    """An interrupt in a thread row or state; the schema only where the graph gave one."""

    id: str
    value: Any
    response_schema: NotRequired[dict[str, Any]]


def streamed_interrupt(interrupt: Interrupt) -> StreamedInterrupt:
    """The shape of streams and wait bodies."""
    return {"value": to_json(interrupt.value), "id": interrupt.id, "response_schema": _schema(interrupt)}


def interrupt_row(interrupt: Interrupt) -> StoredInterrupt:
    """The shape of thread rows and states."""
    row: StoredInterrupt = {"id": interrupt.id, "value": to_json(interrupt.value)}
    if (schema := _schema(interrupt)) is not None:
        row["response_schema"] = schema
    return row


def interrupts_by_task(tasks: Iterable[PregelTask]) -> dict[str, list[StoredInterrupt]]:
    """`interrupts` of a thread row: task id to the interrupts of that task; tasks without any are left out."""
    return {task.id: [interrupt_row(interrupt) for interrupt in task.interrupts] for task in tasks if task.interrupts}


def streamed(stored: StoredInterrupt) -> StreamedInterrupt:
    """A stored interrupt in the shape of streams."""
    return {"value": stored["value"], "id": stored["id"], "response_schema": stored.get("response_schema")}


def _schema(interrupt: Interrupt) -> dict[str, Any] | None:
    # LangGraph turns a type into JSON Schema when the interrupt surfaces; a bare type here was made by hand and says nothing to a client.
    schema = getattr(interrupt, "response_schema", None)
    return to_json(schema) if isinstance(schema, dict) else None
