"""Which threads and runs an actor can see (everybody of a tenant sees the tenant's), and whether a thread is at rest."""

from uuid import UUID

from runs.lifecycle.transitions import lock_thread
from runs.models import Run, Thread
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.policy import Permission, require


def thread_for(actor: Actor, thread_id: UUID, *, lock: bool = False) -> Thread:
    """The thread, or NotFound. `lock` holds its row until the transaction ends and leaves large columns unread."""
    if lock:
        thread = lock_thread(actor.tenant_id, thread_id)
    else:
        thread = Thread.objects.for_tenant(actor.tenant_id).unended().filter(thread_id=thread_id).first()
    if thread is None:
        raise NotFound(f"Thread with ID {thread_id} not found")
    require(actor, Permission.THREAD_READ)
    return thread


def require_quiet(actor: Actor, thread_id: UUID) -> None:
    """Raise Conflict, naming them, while runs of the thread are pending or running. Under its lock none can come."""
    active = Run.objects.for_tenant(actor.tenant_id).active().filter(thread_id=thread_id)
    if names := list(active.values_list("run_id", flat=True)[:10]):
        raise Conflict(f"Thread {thread_id} has in-flight runs: {', '.join(map(str, names))}")


def run_for(actor: Actor, thread_id: UUID, run_id: UUID) -> Run:
    """The run of this thread, or NotFound, which says whether the thread or only the run is missing."""
    run = Run.objects.for_tenant(actor.tenant_id).filter(run_id=run_id, thread_id=thread_id).first()
    if run is None:
        thread_for(actor, thread_id)
        raise NotFound("Not Found")
    require(actor, Permission.RUN_READ)
    return run
