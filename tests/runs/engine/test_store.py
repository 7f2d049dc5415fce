"""The store in nodes: bound to tenant and run, fenced, usable from asynchronous and synchronous nodes."""

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from langgraph.config import get_store
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.types import Send

from assistants.registry.embedding import StoreConfig
from assistants.registry.factory import Factory
from assistants.registry.loader import LoadedGraph
from runs.checkpoints.saver import Head, RunContext, StaleWriter
from runs.checkpoints.store.service_store import ServiceStore
from runs.models import Run
from tenants.database.context import acting_for
from tenants.models import Tenant
from tests import builders
from tests.runs.engine.office import Opened, State, graph_of, says
from tests.waiting import until


def rows(tenant: Tenant) -> list[tuple[str, str, Any]]:
    """What PostgreSQL has of this tenant: prefix without the tenant, key, value."""
    with acting_for(tenant.tenant_id), connection.cursor() as cursor:
        cursor.execute("select split_part(prefix, '.', 1), substr(prefix, 38), key, value -> 'n' from store order by prefix, key")
        found = cursor.fetchall()
    assert {row[0] for row in found} <= {str(tenant.tenant_id)}
    return [(row[1], row[2], row[3]) for row in found]


async def remembers(state: State, runtime: Runtime[None]) -> State:
    """Write, then say what is there."""
    assert runtime.store is not None
    await runtime.store.aput(("notes", "ann"), "one", {"n": 1})
    items = await runtime.store.asearch(("notes",))
    return {"said": [f"{item.namespace} {item.key} {item.value['n']}" for item in items]}


def test_an_asynchronous_node_writes_and_reads(open_office: Opened, tenant: Tenant) -> None:
    office = open_office(graph_of(("remembers", remembers)))
    assert office.thread_of(office.ended(office.run())).values == {"said": ["('notes', 'ann') one 1"]}
    assert rows(tenant) == [("notes.ann", "one", "1")]


def test_a_synchronous_node_does_so_too(open_office: Opened, tenant: Tenant) -> None:
    def node(state: State, store: BaseStore) -> State:
        store.put(("notes",), "one", {"n": 1})
        store.put(("notes",), "two", {"n": 2})
        store.delete(("notes",), "one")
        found = get_store().get(("notes",), "two")
        return {"said": [str(found and found.value), str(store.get(("notes",), "one")), str(store.list_namespaces())]}

    office = open_office(graph_of(("node", node)))
    assert office.thread_of(office.ended(office.run())).values == {"said": ["{'n': 2}", "None", "[('notes',)]"]}


def test_a_blocking_call_on_the_loop_says_what_to_do(open_office: Opened) -> None:
    async def node(state: State, runtime: Runtime[None]) -> State:
        assert runtime.store is not None
        runtime.store.put(("notes",), "one", {"n": 1})
        return {}

    office = open_office(graph_of(("node", node)))
    run = office.ended(office.run())
    assert run.status == "error"
    assert run.error is not None and "use `await store.aget(…)`" in run.error["message"]


def test_subgraphs_and_parallel_branches_have_the_same_store(open_office: Opened, tenant: Tenant) -> None:
    async def branch(state: Any, runtime: Runtime[None]) -> State:
        assert runtime.store is not None
        await runtime.store.aput(("branches",), str(state["number"]), {"n": state["number"]})
        return {}

    outer: Any = StateGraph(State)
    outer.add_node("inner", graph_of(("remembers", remembers)))
    outer.add_node("branch", branch)
    outer.add_edge(START, "inner")
    outer.add_conditional_edges("inner", lambda state: [Send("branch", {"number": number}) for number in range(3)], ["branch"])
    outer.add_edge("branch", END)
    office = open_office(outer.compile())
    assert office.ended(office.run()).status == "success"
    assert rows(tenant) == [("branches", "0", "0"), ("branches", "1", "1"), ("branches", "2", "2"), ("notes.ann", "one", "1")]


def test_one_engine_serves_each_tenant_its_own_items(open_office: Opened, tenant: Tenant) -> None:
    office, other = open_office(graph_of(("remembers", remembers))), builders.make_tenant()
    office.ended(office.run())
    with acting_for(other.tenant_id):
        kwargs = {"input": {"said": []}, "stream_mode": ["values"]}
        run = builders.make_run(other, builders.make_thread(other), "pending", "made", graph_fingerprint=office.served, kwargs=kwargs)
        office.ended(run)
        assert run.status == "success"
    assert rows(tenant) == rows(other) == [("notes.ann", "one", "1")]


def test_a_namespace_that_names_another_tenant_stays_in_ones_own(open_office: Opened, tenant: Tenant) -> None:
    other = builders.make_tenant()

    async def node(state: State, runtime: Runtime[None]) -> State:
        assert runtime.store is not None
        await runtime.store.aput((str(other.tenant_id), "notes"), "one", {"n": 1})
        return {"said": [str(await runtime.store.alist_namespaces(suffix=("*", "*", "*")))]}

    office = open_office(graph_of(("node", node)))
    assert office.thread_of(office.ended(office.run())).values == {"said": ["[]"]}
    assert rows(tenant) == [(f"{other.tenant_id}.notes", "one", "1")]
    assert rows(other) == []


@pytest.mark.parametrize("blocking", [False, True])
def test_a_node_of_a_run_that_was_cancelled_writes_nothing(open_office: Opened, tenant: Tenant, blocking: bool) -> None:
    reached, cancelled, refused = threading.Event(), threading.Event(), threading.Event()

    def sync_node(state: State, store: BaseStore) -> State:
        reached.set()
        cancelled.wait(10)
        try:
            store.put(("notes",), "one", {"n": 1})
        except StaleWriter:
            refused.set()
            raise
        return {}

    async def async_node(state: State, store: BaseStore) -> State:
        reached.set()
        while True:
            try:
                while not cancelled.is_set():
                    await store.aget(("notes",), "none")
                await store.aput(("notes",), "one", {"n": 1})
            except StaleWriter:
                refused.set()
                raise
            except asyncio.CancelledError:  # the heartbeat was first, and this node does not listen
                continue

    office = open_office(graph_of(("node", sync_node if blocking else async_node), ("never", says("no"))))
    run = office.run()
    office.engine.look()
    assert reached.wait(10)
    Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).update(status="interrupted", lease_until=None)
    cancelled.set()
    assert refused.wait(10)
    until("the engine has let it go", lambda: not office.engine.running)
    assert rows(tenant) == []
    run.refresh_from_db()
    assert run.status == "interrupted"


def test_a_former_attempt_writes_nothing_beside_the_present_one(open_office: Opened, tenant: Tenant) -> None:
    office = open_office(graph_of(("node", says("x"))))
    run = builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=2)
    contexts = [RunContext(tenant.tenant_id, run.run_id, run.thread_id, attempt, False, Head()) for attempt in (1, 2)]
    stale, live = (office.engine.parts.shelves.bound_to(context) for context in contexts)
    with pytest.raises(StaleWriter):
        stale.put(("notes",), "one", {"n": 1})
    live.put(("notes",), "one", {"n": 2})
    with pytest.raises(StaleWriter):
        stale.delete(("notes",), "one")
    found = stale.get(("notes",), "one")
    assert found is not None and found.value == {"n": 2}


def test_a_factory_and_its_graph_have_the_run_s_store(open_office: Opened, tenant: Tenant) -> None:
    seen: list[str] = []

    def make(config: Any, runtime: Any) -> Any:
        seen.append(type(runtime.store).__name__)
        return graph_of(("remembers", remembers))

    office = open_office(graph_of(("unused", says("x"))))
    made = LoadedGraph("made", None, "r", office.served, source=Factory.of(make))
    office.engine.registry.entries["made"] = made
    assert office.ended(office.run()).status == "success"
    assert set(seen) == {"TenantStore"}
    assert rows(tenant) == [("notes.ann", "one", "1")]


def test_a_write_is_one_statement_and_a_read_is_one(open_office: Opened, tenant: Tenant, statements: list[str]) -> None:
    office = open_office(graph_of(("node", says("x"))))
    run = builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=1)
    store = office.engine.parts.shelves.bound_to(RunContext(tenant.tenant_id, run.run_id, run.thread_id, 1, False, Head()))
    for call in (
        lambda: store.put(("notes",), uuid4().hex, {"n": 1}),
        lambda: store.get(("notes",), "one"),
        lambda: store.search(("notes",), filter={"n": {"$gt": 0}}),
        lambda: store.list_namespaces(prefix=("notes",)),
    ):
        statements.clear()
        call()
        assert len([text for text in statements if "set_config" not in text and "claim_1" not in text]) == 1  # the engine may look for work


def test_what_postgresql_refuses_is_told_at_once(open_office: Opened, tenant: Tenant) -> None:
    office = open_office(graph_of(("node", says("x"))))
    run = builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=1)
    store = office.engine.parts.shelves.bound_to(RunContext(tenant.tenant_id, run.run_id, run.thread_id, 1, False, Head()))
    began = time.monotonic()
    for call in (
        lambda: store.put(("notes",), "one", {"n": 1}, ttl=1e300),
        lambda: store.put(("no\0tes",), "one", {"n": 1}),
        lambda: store.put(("notes",), "o\0ne", {"n": 1}),
        lambda: store.put(("notes",), "o\ud800ne", {"n": 1}),
        lambda: store.put(("notes",), "one", {"n": {1, 2}}),
        lambda: store.search(("notes",), limit=-1),
    ):
        with pytest.raises((psycopg.DataError, ValueError, TypeError)):
            call()
    assert time.monotonic() - began < settings.LEASE_SECONDS, "nothing was repeated"
    assert rows(tenant) == []


def test_nodes_that_wait_for_an_item_leave_connections_to_other_runs(open_office: Opened, tenant: Tenant) -> None:
    async def crowd(state: State, runtime: Runtime[None]) -> State:
        assert runtime.store is not None
        if not state["said"]:
            await asyncio.gather(*(runtime.store.aput(("notes",), "one", {"n": number}) for number in range(20)))
        return {"said": ["done"]}

    office = open_office(graph_of(("crowd", crowd)))
    waiting, other = office.run(), office.run(kwargs={"input": {"said": ["x"]}}, run_at=timezone.now() + timedelta(seconds=1))
    with transaction.atomic():
        ServiceStore(tenant.tenant_id, StoreConfig()).put(("notes",), "one", {})
        office.engine.look()
        until("the node waits for the item", lambda: blocked() > 1)
        until("the other run is due", lambda: timezone.now() > other.run_at)
        assert office.ended(other, 2).status == "success"
    assert office.ended(waiting).status == "success"


def blocked() -> int:
    """How many connections wait for this one."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))")
        return int(cursor.fetchone()[0])
