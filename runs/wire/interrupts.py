"""Interrupts as thread rows and states show them; streams and wait bodies show LangGraph's own fields: value, id, response_schema."""

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from langgraph.types import Interrupt, PregelTask

from runs.wire.encoding import to_json


class StoredInterrupt(TypedDict):
    """An interrupt in a thread row or state; the schema only where the graph gave one."""

    id: str
    value: Any
    response_schema: NotRequired[dict[str, Any]]


def interrupt_row(interrupt: Interrupt) -> StoredInterrupt:
    """The shape of thread rows and states."""
    row: StoredInterrupt = {"id": interrupt.id, "value": to_json(interrupt.value)}
    if (schema := _schema(interrupt)) is not None:
        row["response_schema"] = schema
    return row


def interrupts_by_task(tasks: Iterable[PregelTask]) -> dict[str, list[StoredInterrupt]]:
    """`interrupts` of a thread row: task id to the interrupts of that task; tasks without any are left out."""
    return {task.id: [interrupt_row(interrupt) for interrupt in task.interrupts] for task in tasks if task.interrupts}


def _schema(interrupt: Interrupt) -> dict[str, Any] | None:
    # LangGraph turns a type into JSON Schema when the interrupt surfaces; a bare type here was made by hand and says nothing to a client.
    schema = getattr(interrupt, "response_schema", None)
    return to_json(schema) if isinstance(schema, dict) else None
