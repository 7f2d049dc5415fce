"""Use cases that end runs: cancel one or many, roll back, delete."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from runs.lifecycle.transitions import lock_thread
from runs.models import Run, Thread
from runs.services.access import thread_for
from runs.services.ending import ACTIVE, Ending, audit_cancelled, end_runs, gate_is_open, locked_runs
from runs.wire.cancels import CancelRequest
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.policy import Permission, may, require, require_own
from tenants.services import audit

NOT_FOUND = "No runs found to cancel."
ENDED = "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs haven't been deleted or completed."
ROUTE = "POST /threads/{thread_id}/runs/{run_id}/cancel"
INTERRUPT = Ending("interrupt", error={"error": "UserInterrupt", "message": f"interrupt requested via {ROUTE}"})
ROLLBACK = Ending("rollback", removes=True, error={"error": "UserRollback", "message": f"rollback requested via {ROUTE}"})
DELETE = Ending("delete", removes=True)
DISCONNECT = Ending("disconnect", error={"error": "UserInterrupt", "message": "the client disconnected"})


def cancel_run(*, actor: Actor, thread_id: UUID, run_id: UUID, action: str = "interrupt") -> Run:
    """End a pending or running run: `interrupt` keeps its finished steps, `rollback` removes it, `disconnect` is the creator who left.

    The run is over when this returns, whatever its worker does. Raises NotFound when there is nothing to cancel.
    """
    with transaction.atomic():
        (run,) = _cancel_named(actor, thread_id, [run_id], ending_of(action))
    return run


def cancel_runs(*, actor: Actor, request: CancelRequest, action: str = "interrupt") -> None:
    """Cancel those runs of a thread that have not ended, or all of the tenant with these statuses on threads that the actor may change.

    The first in one transaction, the second in one per thread. Raises NotFound when there is nothing to cancel.
    """
    if request.thread_id is not None:
        with transaction.atomic():
            _cancel_named(actor, request.thread_id, list(request.run_ids), ending_of(action))
    elif not sum(_cancel_on(actor, thread_id, request.statuses, ending_of(action)) for thread_id in _threads(actor, request.statuses)):
        raise NotFound(NOT_FOUND)


def delete_run(*, actor: Actor, thread_id: UUID, run_id: UUID) -> None:
    """Remove a run with its checkpoints, ending it first if need be; the thread becomes what its checkpoints then say.

    Raises Conflict while another run executes: it goes on from these checkpoints.
    """
    with transaction.atomic():
        thread, (run,) = _locked(actor, thread_id, [run_id], "Run not found")
        require_own(actor, thread.owner, Permission.THREAD_DELETE_OWN, Permission.THREAD_DELETE)
        _require_gate(actor, thread, DELETE)
        if Run.objects.for_tenant(actor.tenant_id).filter(thread_id=thread_id, status="running").exclude(run_id=run_id).exists():
            raise Conflict("Another run of this thread executes, on top of what this one has left. Wait for its end, or cancel it first.")
        end_runs(actor, thread, [run], DELETE)
        audit.record(actor, "run.delete", "run", run_id, before={"status": run.status, "thread_id": str(thread_id)})


def ending_of(action: str) -> Ending:
    """What an action does; an unknown one is `interrupt`, as recorded."""
    return {"rollback": ROLLBACK, "disconnect": DISCONNECT}.get(action, INTERRUPT)


def _cancel_named(actor: Actor, thread_id: UUID, run_ids: list[UUID], ending: Ending) -> list[Run]:
    """Those of them that were active, as they were before."""
    thread, runs = _locked(actor, thread_id, run_ids, NOT_FOUND)
    require(actor, Permission.RUN_CANCEL)
    require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    _require_gate(actor, thread, ending)
    active = [run for run in runs if run.status in ACTIVE]
    if not active:
        raise NotFound(ENDED)
    end_runs(actor, thread, active, ending)
    audit_cancelled(actor, active, ending)
    return active


def _threads(actor: Actor, statuses: tuple[str, ...]) -> Iterator[UUID]:
    """Threads with such runs, the actor's own where the role reaches no further; in the order of their keys."""
    require(actor, Permission.RUN_CANCEL)
    runs = Run.objects.for_tenant(actor.tenant_id).filter(status__in=statuses)
    threads = list(runs.values_list("thread_id", flat=True).distinct().order_by("thread_id"))
    if not may(actor, Permission.THREAD_UPDATE):
        require(actor, Permission.THREAD_UPDATE_OWN)
        own = Thread.objects.for_tenant(actor.tenant_id).filter(owner=actor.identity, thread_id__in=threads)
        threads = list(own.values_list("thread_id", flat=True).order_by("thread_id"))
    return iter(threads)


@transaction.atomic
def _cancel_on(actor: Actor, thread_id: UUID, statuses: tuple[str, ...], ending: Ending) -> int:
    """How many were ended on this thread; none if it has gone meanwhile, or if ending them takes more than the actor may."""
    thread = lock_thread(actor.tenant_id, thread_id)
    if thread is None or not gate_is_open(actor, thread, ending):
        return 0
    active = list(locked_runs(thread).filter(status__in=statuses))
    if active:
        end_runs(actor, thread, active, ending)
        audit_cancelled(actor, active, ending)
    return len(active)


def _locked(actor: Actor, thread_id: UUID, run_ids: list[UUID], missing: str) -> tuple[Thread, list[Run]]:
    """The thread, then those of the runs that are its own, all locked. Raises NotFound, with one text for whatever is missing."""
    try:
        thread = thread_for(actor, thread_id, lock=True)
    except NotFound as error:
        raise NotFound(missing) from error
    runs = list(locked_runs(thread).filter(run_id__in=run_ids))
    if not runs:
        raise NotFound(missing)
    return thread, runs


def _require_gate(actor: Actor, thread: Thread, ending: Ending) -> None:
    if not gate_is_open(actor, thread, ending):
        require(actor, Permission.STATE_UPDATE)
