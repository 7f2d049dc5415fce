"""Threads that really pause: their checkpoints are written by LangGraph, in the test's process, as a worker would have left them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from assistants.registry.loader import registry
from runs.checkpoints.state import Place, with_graph
from runs.lifecycle.head import Cause, apply_head
from runs.lifecycle.transitions import lock_thread
from runs.models import Interrupt, Thread
from tenants.actors import Actor
from tenants.models import Tenant
from tests.builders import make_run, make_thread


def paused(tenant: Tenant, owner: Actor, mode: str = "single", **interrupt: Any) -> Thread:
    """A thread of the approval graph that waits: after one successful run, with its interrupt rows. Fields of these may be set."""
    graph = registry().get("approval")
    thread = make_thread(tenant, owner, graph_id="approval", metadata={"graph_id": "approval"})
    run = make_run(tenant, thread, graph_fingerprint=graph.fingerprint, created_by=owner.identity)
    invoke(thread, {"mode": mode, "request": "pay"}, run_id=run.run_id)
    rows = Interrupt.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id)
    rows.update(run_id=run.run_id, requester=owner.identity, **interrupt)
    return thread


def invoke(thread: Thread, input: Any, *, run_id: UUID | None = None, **options: Any) -> None:
    """Drive the graph as a worker would, then make row and interrupts equal to its head."""
    place = Place(thread.tenant_id, thread.thread_id)
    config = place.config()
    config["metadata"] = {"run_id": str(run_id or uuid7()), "graph_id": "approval"}

    async def drive(graph: Any) -> Any:
        await graph.ainvoke(input, config, **options)
        return await graph.aget_state(place.config())

    with transaction.atomic():
        held = lock_thread(thread.tenant_id, thread.thread_id)
        assert held is not None
        head = with_graph(registry().get("approval"), place, drive)
        apply_head(held, head, Cause(Actor(thread.tenant_id, thread.owner, "operator"), f"run:{run_id}"))  # type: ignore[arg-type]


def open_ids(thread: Thread) -> list[str]:
    """The pending interrupts of a thread."""
    rows = Interrupt.objects.for_tenant(thread.tenant_id).pending().filter(thread_id=thread.thread_id)
    return list(rows.order_by("interrupt_id").values_list("interrupt_id", flat=True))
