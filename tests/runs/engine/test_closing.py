"""A run that drops what its thread waits for, whose worker dies on the way"""

import asyncio
import threading
from typing import Any

import pytest
from langgraph.types import interrupt

from runs.engine.batcher import Batcher
from runs.models import Interrupt, Run
from tests.runs.engine.office import Office, Opened, State, graph_of, says


def ask(state: State) -> Any:
    return {"said": [interrupt("well?")]}


@pytest.fixture
def asking(open_office: Opened) -> tuple[Office, Run]:
    """An engine, and a run that paused in it."""
    office = open_office(graph_of(("a", says("a")), ("ask", ask), ("b", says("b"))))
    return office, office.ended(office.run())


def closing(office: Office, paused: Run, **fields: Any) -> Run:
    """A run that closes the same thread."""
    thread = office.thread_of(paused)
    kwargs = {"input": None, "command": {"goto": "__end__"}} | fields
    return office.run(thread, base_checkpoint_id=thread.head_checkpoint_id, kwargs=kwargs)


def dies_before_its_end(office: Office, run: Run) -> None:
    """The first attempt writes everything but its end; the run is pending again."""
    settled, settle = threading.Event(), office.engine.settles.flush

    async def never(items: Any) -> Any:
        settled.set()
        await asyncio.sleep(3600)

    office.engine.settles.flush = never
    office.engine.look()
    assert settled.wait(5)
    office.give_back(run)
    office.engine.settles = Batcher(settle)


@pytest.mark.parametrize("dies", [False, True], ids=["once", "again"])
def test_what_waits_is_dropped_once(asking: tuple[Office, Run], dies: bool) -> None:
    office, paused = asking
    before = office.thread_of(paused).head_checkpoint_id
    run = closing(office, paused)
    if dies:
        dies_before_its_end(office, run)
    assert (office.ended(run).status, run.attempt) == ("success", 2 if dies else 1)
    thread = office.thread_of(run)
    assert (thread.status, thread.values, thread.interrupts) == ("idle", {"said": ["a"]}, {})
    assert thread.head_checkpoint_id != before
    assert Interrupt.objects.for_tenant(run.tenant_id).get(thread_id=run.thread_id).status == "superseded"


def test_a_closed_thread_goes_on_with_new_input_from_what_was_said(asking: tuple[Office, Run]) -> None:
    office, paused = asking
    dies_before_its_end(office, run := closing(office, paused))
    office.ended(run)
    again = office.ended(office.run(office.thread_of(run), kwargs={"interrupt_before": ["ask"]}))
    assert office.thread_of(again).values == {"said": ["a", "a"]}


def test_a_thread_that_moved_on_is_not_closed(asking: tuple[Office, Run]) -> None:
    office, paused = asking
    thread = office.thread_of(paused)
    run = office.run(thread, base_checkpoint_id="another", kwargs={"input": None, "command": {"goto": "__end__"}})
    assert (office.ended(run).error or {})["error"] == "StaleRun"
    assert office.thread_of(run).interrupts
