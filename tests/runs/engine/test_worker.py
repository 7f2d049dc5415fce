"""One engine in this process: what happens to a run when its graph, its lease or its process goes wrong."""

import asyncio
import contextvars
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connections, transaction
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from psycopg.pq import PipelineStatus

from assistants.registry.loader import Registry
from runs.engine.batcher import Batcher
from runs.engine.cancellation import StopReason
from runs.engine.database import Claimed
from runs.engine.leases import Heartbeat
from runs.engine.worker import Engine
from runs.models import Interrupt, Run, RunEvent, Thread
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.wire.events import Published
from tests import builders
from tests.runs.engine.office import Opened, State, graph_of, says
from tests.waiting import until


def test_a_run_ends(open_office: Opened) -> None:
    office = open_office(graph_of(("a", says("a")), ("b", says("b"))))
    run = office.ended(office.run())
    assert run.status == "success"
    assert office.thread_of(run).values == {"said": ["a", "b"]}
    until("the engine lets go of it", lambda: not office.engine.running, 5)


def test_a_run_taken_again_by_the_same_process_is_not_forgotten_when_the_first_attempt_ends(open_office: Opened) -> None:
    entered, gates = threading.Semaphore(0), [asyncio.Event(), asyncio.Event()]
    seen: list[int] = []

    async def wait(state: State) -> State:
        gate = gates[len(seen)]
        seen.append(1)
        entered.release()
        while not gate.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:  # a node that takes its time to stop
                await gate.wait()
                raise
        return {"said": ["waited"]}

    office = open_office(graph_of(("wait", wait)))
    run = office.run()
    office.engine.look()
    assert entered.acquire(timeout=5)
    office.give_back(run)
    office.engine.look()
    assert entered.acquire(timeout=5)
    office.on_loop(gates[0].set)
    time.sleep(0.2)
    assert [running.run.attempt for running in office.engine.running.values()] == [2]
    office.on_loop(gates[1].set)
    assert (office.ended(run).status, run.attempt) == ("success", 2)
    until("the engine lets go of it", lambda: not office.engine.running, 5)


def test_a_run_whose_row_is_terminal_already_still_tells_its_end(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat may ask between the settle's commit and its answer."""
    office = open_office(graph_of(("a", says("a"))))
    settle = office.engine.database.settle
    told: list[UUID] = []

    async def slow(items: Any) -> Any:
        outcomes = await settle(items)
        for item in items:
            office.engine._stop(office.engine.running[item.run_id].run, StopReason.LOST)
        await asyncio.sleep(0.05)
        return outcomes

    monkeypatch.setattr(office.engine.settles, "flush", slow)
    publish = office.engine.publisher.publish

    def noted(run: Published, events: Any, **urgency: bool) -> None:
        told.append(run.run_id)
        publish(run, events, **urgency)

    monkeypatch.setattr(office.engine.publisher, "publish", noted)
    run = office.ended(office.run())
    until("the end is published", lambda: told == [run.run_id], 5)


@pytest.mark.parametrize("error", [asyncio.CancelledError, SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("waits", [True, False], ids=["async", "sync"])
def test_whatever_a_node_raises_ends_its_run_alone(open_office: Opened, error: type[BaseException], waits: bool) -> None:
    def raises(state: State) -> State:
        raise error

    async def raises_later(state: State) -> State:
        await asyncio.sleep(0)
        raise error

    office = open_office(graph_of(("a", raises_later if waits else raises)))
    for _ in range(2):
        run = office.ended(office.run())
        assert run.status == "error"
        assert (run.error or {})["error"] in (error.__name__, "NodeCancelledError")
    until("the engine lets go of them", lambda: not office.engine.running, 5)


def test_a_rescued_run_stops_at_the_breakpoint_it_had_reached(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"interrupt_before": ["b"]}),
        ({}, {"interrupt_after": ["a"]}),
        ({"interrupt_before": ["b"]}, {"interrupt_before": []}),
    ]
    for compiled, kwargs in cases:
        office = open_office(graph_of(("a", says("a")), ("b", says("b")), **compiled))
        settled, settle = threading.Event(), office.engine.settles.flush

        async def never(items: Any, settled: threading.Event = settled) -> Any:
            settled.set()
            await asyncio.sleep(3600)

        office.engine.settles.flush = never
        run = office.run(kwargs=kwargs)
        office.engine.look()
        assert settled.wait(5)
        office.give_back(run)
        office.engine.settles = Batcher(settle)
        assert office.ended(run).status == "success"
        thread = office.thread_of(run)
        assert (thread.values, thread.status) == ({"said": ["a"]}, "interrupted")
        assert Interrupt.objects.for_tenant(run.tenant_id).get(thread_id=run.thread_id).kind == "breakpoint"


def test_the_answer_of_a_run_that_crashed_too_often_can_be_given_again(open_office: Opened) -> None:
    def ask(state: State) -> State:
        return {"said": [interrupt("well?")]}

    office = open_office(graph_of(("ask", ask)))
    first = office.ended(office.run())
    question = Interrupt.objects.for_tenant(first.tenant_id).get(thread_id=first.thread_id)
    thread = office.thread_of(first)
    kwargs = {"input": None, "command": {"resume": {question.interrupt_id: "yes"}}}
    run = office.run(thread, resume_ids=[question.interrupt_id], crashes=3, attempt=3, kwargs=kwargs)
    Interrupt.objects.for_tenant(run.tenant_id).filter(thread_id=run.thread_id).update(status="resolved", resume_run_id=run.run_id)
    assert (office.ended(run).error or {})["error"] == "WorkerLost"
    question.refresh_from_db()
    assert question.status == "pending"
    assert office.thread_of(run).interrupts


def test_a_result_that_is_no_json_leaves_a_head_that_the_next_run_goes_on_from(open_office: Opened) -> None:
    words: list[Any] = [{(1, 2): 3}, "fine"]
    office = open_office(graph_of(("a", lambda state: {"said": [words.pop(0)]})))
    run = office.ended(office.run(kwargs={"stream_mode": ["updates"]}))
    assert run.status == "error"
    thread = office.thread_of(run)
    assert thread.head_checkpoint_id is not None
    again = office.ended(office.run(thread, kwargs={"stream_mode": ["updates"]}))
    assert again.status == "error"  # the number is still part of the state


def test_the_error_of_a_result_that_cannot_be_stored_is_replayed(open_office: Opened) -> None:
    office = open_office(graph_of(("a", lambda state: {"said": [{(1, 2): 3}]})))
    run = office.ended(office.run(resumable=True, kwargs={"stream_mode": ["tasks"]}))
    stored = RunEvent.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).order_by("n").values_list("event", flat=True)
    assert (run.status, list(stored)[-1]) == ("error", "error")


def test_graphs_that_nobody_serves_any_more_are_forgotten(open_office: Opened) -> None:
    moment = builders.now().timestamp()
    sync_redis().zadd(keys.served(), {"of yesterday": moment - 86_400, "of a minute ago": moment - 60})
    open_office(graph_of(("a", says("a"))))
    until("the old one is gone", lambda: sync_redis().zscore(keys.served(), "of yesterday") is None, 5)
    assert sync_redis().zscore(keys.served(), "of a minute ago") is not None


def test_a_run_of_a_graph_that_is_gone_says_so(open_office: Opened) -> None:
    office = open_office(graph_of(("a", says("a"))))
    run = builders.make_run(
        office.tenant, builders.make_thread(office.tenant), "pending", "chat", graph_fingerprint=office.served, kwargs={"stream_mode": []}
    )
    assert (office.ended(run).error or {})["error"] == "NotFound"


def test_what_a_claim_brings_during_the_drain_is_handed_back(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(state: State) -> State:
        await asyncio.sleep(3600)
        return state

    office = open_office(graph_of(("wait", wait)))
    claimed, claim = threading.Event(), office.engine.database.claim

    async def slow(*args: Any, **kwargs: Any) -> Any:
        found = await claim(*args, **kwargs)
        if found[0]:
            claimed.set()
            await asyncio.sleep(0.2)
        return found

    monkeypatch.setattr(office.engine.database, "claim", slow)
    run = office.run()
    office.engine.look()
    assert claimed.wait(5)
    office.engine.drain(0.1)
    run.refresh_from_db()
    assert (run.status, run.crashes, run.lease_owner) == ("pending", 0, None)


def test_synchronous_nodes_run_side_by_side(open_office: Opened) -> None:
    together = threading.Barrier(12)

    def meet(state: State) -> State:
        together.wait(5)
        return {"said": ["met"]}

    office = open_office(graph_of(("meet", meet)))
    runs = [office.run() for _ in range(12)]
    for run in runs:
        assert office.ended(run).status == "success"


def test_an_engine_that_cannot_open_its_pool_says_so(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    async def refused(self: Any) -> None:
        raise OSError("no database")

    monkeypatch.setattr(Engine, "_open", refused)
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    engine = Engine(Registry(Path("none"), {}))
    with pytest.raises(RuntimeError, match="could not start"):
        engine.start()
    engine.loop.close()


def test_a_held_row_does_not_keep_the_heartbeat_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat("", 0.3, held=lambda: [object()], lost=lambda run: None, tick=lambda tick: None)  # type: ignore[list-item]
    monkeypatch.setattr(heartbeat, "_ask", lambda runs: {1: "busy"})
    began = time.monotonic()
    threading.Timer(3, heartbeat.stop).start()
    heartbeat._renew()
    assert time.monotonic() - began < 1


def test_events_of_a_drained_run_are_stored_before_it_is_handed_back(open_office: Opened) -> None:
    entered, gate = threading.Event(), asyncio.Event()

    async def wait(state: State) -> State:
        entered.set()
        await gate.wait()
        return {"said": ["waited"]}

    office = open_office(graph_of(("wait", wait), ("b", says("b"))))
    run = office.run(resumable=True, kwargs={"stream_mode": ["updates"]})
    office.engine.look()
    assert entered.wait(5)
    threading.Timer(0.1, office.engine.loop.call_soon_threadsafe, [gate.set]).start()
    office.engine.drain(5)
    run.refresh_from_db()
    assert run.status == "pending"
    stored = RunEvent.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).order_by("n").values_list("event", flat=True)
    assert list(stored) == ["metadata", "updates"]


@pytest.mark.parametrize("durability", ["async", "exit"])
def test_a_subgraph_remembers_its_first_call_in_the_first_run_of_a_thread(open_office: Opened, durability: str) -> None:
    inner = graph_of(("in", says("in")), checkpointer=True)

    async def call(state: State) -> State:
        found = await inner.ainvoke({"said": []})
        return {"said": [str(len(found["said"]))]}

    builder = StateGraph(State)
    builder.add_node("call", call)
    builder.add_edge(START, "call")
    builder.add_conditional_edges("call", lambda state: "call" if len(state["said"]) < 3 else END, ["call", END])
    office = open_office(builder.compile())
    run = office.ended(office.run(kwargs={"durability": durability}))
    assert office.thread_of(run).values == {"said": ["1", "2", "3"]}


def test_a_lost_connection_at_its_start_does_not_fail_a_run(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(graph_of(("a", says("a"))))
    first = office.ended(office.run())
    failures, fetch = [psycopg.OperationalError("the connection is lost")], AsyncPostgresSaver.aget_tuple

    async def flaky(self: Any, config: Any) -> Any:
        if failures:
            raise failures.pop()
        return await fetch(self, config)

    monkeypatch.setattr(AsyncPostgresSaver, "aget_tuple", flaky)
    run = office.ended(office.run(office.thread_of(first)))
    assert (run.status, failures) == ("success", [])
    assert office.thread_of(run).values == {"said": ["a", "a"]}


def test_a_held_thread_delays_the_end_of_its_own_run_and_no_other(open_office: Opened) -> None:
    going, gate = threading.Event(), threading.Event()

    def wait(state: State) -> Any:
        going.set()
        gate.wait(10)
        return {"said": ["a"]}

    office = open_office(graph_of(("a", wait)))
    held = office.run()
    office.engine.look()
    assert going.wait(5)
    with transaction.atomic():
        list(Thread.objects.for_tenant(held.tenant_id).select_for_update().filter(thread_id=held.thread_id))
        gate.set()

        def meanwhile() -> tuple[str, str]:  # in a thread, on a connection of its own: the test's is inside the transaction
            try:
                return office.ended(office.run()).status, Run.objects.for_tenant(held.tenant_id).get(run_id=held.run_id).status
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(contextvars.copy_context().run, meanwhile).result(10) == ("success", "running")
    assert office.ended(held).status == "success"


def test_runs_stopped_at_any_moment_leave_no_connection_in_a_pipeline(open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements of whoever got it next would be one transaction with it, and their locks would stay."""
    office = open_office(graph_of(("a", says("a")), ("b", says("b"))))
    engine, chance = office.engine, random.Random(7)
    threads = [office.thread_of(office.ended(office.run())) for _ in range(12)]
    begin = engine._begin

    async def begin_and_stop(claimed: list[Claimed]) -> None:
        await begin(claimed)
        for run in claimed:
            engine.loop.call_later(chance.uniform(0, 0.006), engine._stop, run, StopReason.CANCELLED)

    monkeypatch.setattr(engine, "_begin", begin_and_stop)
    for _ in range(12):
        for thread in threads:
            office.run(thread)
        engine.look()
        until("all were claimed", lambda: not Run.objects.for_tenant(office.tenant.tenant_id).filter(status="pending").exists())
        until("all have ended", lambda: not engine.running)
        Run.objects.for_tenant(office.tenant.tenant_id).active().update(status="interrupted")
        idle: list[Any] = office.on_loop(lambda: list(engine.pool._pool))
        assert [each.pgconn.pipeline_status for each in idle] == [PipelineStatus.OFF] * len(idle)
