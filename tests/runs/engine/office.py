"""A real engine in the test's own process, with one small graph."""

import asyncio
import operator
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from assistants.registry.embedding import StoreConfig
from assistants.registry.factory import AnyPregel
from assistants.registry.loader import LoadedGraph, Registry
from runs.engine.worker import Engine
from runs.models import Run, Thread
from runs.streams import keys
from runs.streams.connection import async_redis, sync_redis
from runs.wire.events import Event, unpack
from tenants.models import Tenant
from tests import builders
from tests.waiting import until


class State(TypedDict, total=False):
    """What the nodes have said."""

    said: Annotated[list[str], operator.add]


Node = Callable[..., Any]


def graph_of(*nodes: tuple[str, Node], **compiled: Any) -> AnyPregel:
    """One node after the other."""
    builder: Any = StateGraph(State)
    for name, node in nodes:
        builder.add_node(name, node)
    names = [START, *(name for name, _ in nodes), END]
    for one, next_one in pairwise(names):
        builder.add_edge(one, next_one)
    graph: AnyPregel = builder.compile(**compiled)
    return graph


def says(word: str) -> Node:
    """A node."""
    return lambda state: {"said": [word]}


class Office:
    """An engine with one graph, and the runs given to it."""

    def __init__(self, tenant: Tenant, graph: AnyPregel, store: StoreConfig | None = None) -> None:
        self.tenant, self.served = tenant, uuid4().hex
        self.engine = Engine(Registry(Path("none"), {"made": LoadedGraph("made", None, "r", self.served, source=graph)}, store))

    def run(self, thread: Thread | None = None, **fields: Any) -> Run:
        """A pending run, seen by the engine at its next look."""
        kwargs = {"input": {"said": []}, "stream_mode": ["values"]} | fields.pop("kwargs", {})
        thread = thread or builders.make_thread(self.tenant)
        return builders.make_run(self.tenant, thread, "pending", "made", graph_fingerprint=self.served, kwargs=kwargs, **fields)

    def ended(self, run: Run, seconds: float = 10) -> Run:
        """Look, and wait until it has ended."""
        self.engine.look()

        def over() -> bool:
            run.refresh_from_db()
            return run.status not in ("pending", "running")

        until("the run ends", over, seconds)
        return run

    def thread_of(self, run: Run) -> Thread:
        """Its thread's row."""
        return Thread.objects.for_tenant(self.tenant.tenant_id).get(thread_id=run.thread_id)

    def on_loop(self, function: Callable[[], Any]) -> Any:
        """Call it on the engine's loop."""

        async def call() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self.engine.loop).result(5)

    def give_back(self, run: Run, **fields: Any) -> None:
        """Make it pending, as a rescue does, without its worker's knowledge."""
        values = {"status": "pending", "lease_until": None, "lease_owner": None, "crashes": 1} | fields
        Run.objects.for_tenant(self.tenant.tenant_id).filter(run_id=run.run_id).update(**values)


def published(run: Run) -> list[Event]:
    """What has left the worker."""
    log: Any = sync_redis().xrange(keys.log(run.run_id))
    return unpack(b"".join(fields[b"d"] for _, fields in log))


async def disconnected() -> None:
    """uvloop waits for open connections."""
    async_redis().close()
    await asyncio.sleep(0.01)


Opened = Callable[..., Office]
