"""A command counts once, however often its worker is lost."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection

from runs.engine.batcher import Batcher
from runs.models import Run
from tests.runs.engine.office import Opened, State, graph_of, says
from tests.waiting import until

UPDATE: dict[str, Any] = {"said": ["pushed"]}


def has_written(run: Run) -> bool:
    """Whether its command is among the pending writes."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 from checkpoint_writes where written_by = %s and task_id like '00000000-%%'", [run.run_id])
        return cursor.fetchone() is not None


@pytest.mark.parametrize("durability", ["async", "sync"])
@pytest.mark.parametrize("goto", ["a", [{"node": "a", "input": {"said": []}}]], ids=["node", "send"])
def test_a_worker_lost_in_the_first_step(open_office: Opened, goto: Any, durability: str) -> None:
    entered, gate = threading.Semaphore(0), asyncio.Event()

    async def wait(state: State) -> State:
        entered.release()
        await gate.wait()
        return {"said": ["a"]}

    office = open_office(graph_of(("a", wait)))
    office.on_loop(gate.set)
    first = office.ended(office.run())
    assert entered.acquire(timeout=5)
    office.on_loop(gate.clear)
    run = office.run(office.thread_of(first), kwargs={"input": None, "command": {"update": UPDATE, "goto": goto}, "durability": durability})
    office.engine.look()
    assert entered.acquire(timeout=5)
    until("the command is written", lambda: has_written(run), 5)
    office.give_back(run)
    office.engine.look()
    assert entered.acquire(timeout=5)
    office.on_loop(gate.set)
    assert (office.ended(run).status, run.attempt) == ("success", 2)
    assert office.thread_of(run).values == {"said": ["a", "pushed", "a"]}


@pytest.mark.parametrize("command", [{"update": UPDATE}, {"update": UPDATE, "goto": "__end__"}], ids=["update", "end"])
def test_a_worker_lost_before_the_end(open_office: Opened, command: dict[str, Any]) -> None:
    office = open_office(graph_of(("a", says("a")), ("b", says("b")), interrupt_before=["b"] if "goto" in command else None))
    first = office.ended(office.run())
    said = office.thread_of(first).values["said"]
    settled, settle = threading.Event(), office.engine.settles.flush

    async def never(items: Any) -> Any:
        settled.set()
        await asyncio.sleep(3600)

    office.engine.settles.flush = never
    run = office.run(office.thread_of(first), kwargs={"input": None, "command": command})
    office.engine.look()
    assert settled.wait(5)
    office.give_back(run)
    office.engine.settles = Batcher(settle)
    assert office.ended(run).status == "success"
    thread = office.thread_of(run)
    assert (thread.values, thread.status) == ({"said": [*said, "pushed"]}, "idle")
