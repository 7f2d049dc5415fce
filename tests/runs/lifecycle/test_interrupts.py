"""Interrupts are classified once, by their shape."""

from types import SimpleNamespace
from typing import Any

import pytest

from runs.lifecycle.interrupts import classify, pending_interrupts
from tenants.models import INTERRUPT_KINDS

SCHEMA = {"type": "object"}
INBOX = {"action_request": {"action": "send_mail", "args": {}}, "config": {"allow_accept": True, "allow_edit": False, "allow_ignore": True}}


@pytest.mark.parametrize(
    ("value", "schema", "kind", "action", "allowed"),
    [
        ({"type": "tool_approval", "action": "refund"}, SCHEMA, "tool_approval", "refund", ("approve", "edit", "respond", "reject")),
        ({"type": "tool_approval", "name": "book"}, SCHEMA, "tool_approval", "book", ("approve", "edit", "respond", "reject")),
        ({"type": "tool_approval", "action": "refund"}, None, "question", None, ("respond",)),
        ({"action_requests": [{"name": "pay"}], "review_configs": []}, None, "batch", "pay", ("approve", "edit", "respond", "reject")),
        (INBOX, None, "inbox_request", "send_mail", ("accept", "ignore")),
        ([INBOX], None, "inbox_request", "send_mail", ("accept", "ignore")),
        ({"anything": 1}, SCHEMA, "form", None, ("respond",)),
        ("how many?", None, "question", None, ("respond",)),
        ([], None, "question", None, ("respond",)),
        (None, None, "question", None, ("respond",)),
        ({"action_requests": "odd", "review_configs": 3}, None, "question", None, ("respond",)),
    ],
)
def test_the_shape_tells_the_kind(value: Any, schema: Any, kind: str, action: str | None, allowed: tuple[str, ...]) -> None:
    assert classify(value, schema) == (kind, action, allowed)
    assert kind in INTERRUPT_KINDS, "tenants have to be able to leave it to owners"


def snapshot(*interrupts: Any) -> Any:
    """A head with one waiting task."""
    task = SimpleNamespace(id="task", name="ask", interrupts=interrupts)
    return SimpleNamespace(next=("ask",), tasks=(task,), config={"configurable": {"checkpoint_id": "c1"}})


def test_a_schema_in_the_value_counts_as_the_interrupts_own() -> None:
    interrupt = SimpleNamespace(id="i", value={"response_schema": SCHEMA}, response_schema=None)
    assert pending_interrupts(snapshot(interrupt))[0].schema == SCHEMA


def test_a_breakpoint_has_a_row_of_its_own_derived_from_the_checkpoint() -> None:
    (row,) = pending_interrupts(snapshot(), breakpoint_hit=True)
    assert (row.interrupt_id, row.kind, row.node) == ("breakpoint:c1", "breakpoint", "ask")


def test_work_left_without_a_breakpoint_waits_for_nobody() -> None:
    assert pending_interrupts(snapshot()) == []
