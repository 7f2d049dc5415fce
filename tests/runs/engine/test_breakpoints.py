"""A static breakpoint holds until somebody continues it, whatever else happens to its thread."""

from typing import Any

import pytest

from runs.models import Interrupt, Run
from tests.runs.engine.office import Opened, graph_of, says


def waiting(run: Run) -> list[str]:
    """The kinds of the thread's open interrupts."""
    rows = Interrupt.objects.for_tenant(run.tenant_id).pending().filter(thread_id=run.thread_id)
    return list(rows.values_list("kind", flat=True))


@pytest.mark.parametrize("asked", [None, [], ["elsewhere"]], ids=["nothing", "none", "others"])
def test_a_run_cannot_ask_the_graphs_own_breakpoints_away(open_office: Opened, asked: list[str] | None) -> None:
    office = open_office(graph_of(("a", says("a")), ("b", says("b")), interrupt_before=["b"]))
    run = office.ended(office.run(kwargs={"interrupt_before": asked}))
    assert (office.thread_of(run).values, waiting(run)) == ({"said": ["a"]}, ["breakpoint"])


@pytest.mark.parametrize("ending", ["base", "answer"])
def test_a_stale_run_leaves_the_breakpoint_open(open_office: Opened, ending: str) -> None:
    office = open_office(graph_of(("a", says("a")), ("b", says("b")), interrupt_before=["b"]))
    run = office.ended(office.run())
    assert waiting(run) == ["breakpoint"]
    late: dict[str, Any] = {
        "base": {"base_checkpoint_id": "1f000000-0000-6000-8000-000000000000"},
        "answer": {"resume_ids": ["0" * 32], "kwargs": {"input": None, "command": {"resume": {"0" * 32: "yes"}}}},
    }
    stale = office.ended(office.run(office.thread_of(run), **late[ending]))
    assert stale.error is not None and stale.error["error"] == "StaleRun"
    assert waiting(run) == ["breakpoint"]
