"""Use cases that end a run: cancel, roll back, delete. Settled here at once; a worker that still runs it can write nothing more."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from runs.checkpoints.state import delete_run_checkpoints
from runs.lifecycle.head import Cause, apply_head, apply_without_reading
from runs.lifecycle.queue import wake_on_commit
from runs.lifecycle.transitions import interrupt_run, remove_run
from runs.models import Interrupt, Run, Thread
from runs.services.access import thread_for
from runs.services.heads import read_head
from runs.streams.control import send, stop_message
from runs.streams.publish import publish_end
from runs.wire.encoding import dumps
from tenants.actors import Actor
from tenants.exceptions import NotFound
from tenants.policy import Permission, require, require_own
from tenants.services import audit

ACTIVE = ("pending", "running")
NOT_FOUND = "No runs found to cancel."
ENDED = "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs haven't been deleted or completed."
ROUTE = "POST /threads/{thread_id}/runs/{run_id}/cancel"
WAIT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends here; `error` is what its thread then shows."""

    reason: str
    removes: bool = False
    error: dict[str, str] | None = None


INTERRUPT = Ending("interrupt", error={"error": "UserInterrupt", "message": f"interrupt requested via {ROUTE}"})
ROLLBACK = Ending("rollback", removes=True, error={"error": "UserRollback", "message": f"rollback requested via {ROUTE}"})
DELETE = Ending("delete", removes=True)
DISCONNECT = Ending("disconnect", error={"error": "UserInterrupt", "message": "the client disconnected"})


def cancel_run(*, actor: Actor, thread_id: UUID, run_id: UUID, action: str = "interrupt") -> Run:
    """End a pending or running run: `interrupt` keeps its finished steps, `rollback` removes it, `disconnect` is the creator who left.

    The run is over when this returns, whatever its worker does. Raises NotFound when there is nothing to cancel.
    """
    ending = {"rollback": ROLLBACK, "disconnect": DISCONNECT}.get(action, INTERRUPT)
    with transaction.atomic():
        thread, run = _locked(actor, thread_id, run_id, NOT_FOUND)
        require(actor, Permission.RUN_CANCEL)
        require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
        _require_gate(actor, thread, ending)
        if run.status not in ACTIVE:
            raise NotFound(ENDED)
        _end(actor, thread, run, ending)
        audit.record(
            actor, "run.cancel", "run", run_id, before={"status": run.status}, after={"thread_id": str(thread_id), "action": ending.reason}
        )
    return run


def delete_run(*, actor: Actor, thread_id: UUID, run_id: UUID) -> None:
    """Remove a run with its checkpoints, ending it first if need be; the thread becomes what its checkpoints then say."""
    with transaction.atomic():
        thread, run = _locked(actor, thread_id, run_id, "Run not found")
        require_own(actor, thread.owner, Permission.THREAD_DELETE_OWN, Permission.THREAD_DELETE)
        _require_gate(actor, thread, DELETE)
        _end(actor, thread, run, DELETE)
        audit.record(actor, "run.delete", "run", run_id, before={"status": run.status, "thread_id": str(thread_id)})


def tell(run: Run, values: Any, reason: str) -> None:
    """After the commit: readers get the end, with the values so far; the worker stops its task."""
    wait = dumps({} if values is None else values)
    body = b"null" if len(wait) > WAIT_BYTES else wait
    publish_end(run, run.epoch_ms, b'{"status":"interrupted","wait":%b,"error":null}' % body)
    if run.lease_owner:
        send(run.lease_owner, stop_message(run.run_id, reason))


def _locked(actor: Actor, thread_id: UUID, run_id: UUID, missing: str) -> tuple[Thread, Run]:
    """The thread, then its run, both locked."""
    try:
        thread = thread_for(actor, thread_id, lock=True)
    except NotFound as error:
        raise NotFound(missing) from error
    runs = Run.objects.for_tenant(actor.tenant_id).select_for_update(no_key=True)
    run = runs.filter(thread_id=thread_id, run_id=run_id).first()
    if run is None:
        raise NotFound(missing)
    return thread, run


def _require_gate(actor: Actor, thread: Thread, ending: Ending) -> None:
    """Removing checkpoints while an interrupt waits is a way around it."""
    if ending.removes and Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id=thread.thread_id).exists():
        require(actor, Permission.STATE_UPDATE)


def _end(actor: Actor, thread: Thread, run: Run, ending: Ending) -> None:
    """Run row first: from here the fence refuses its worker. Then checkpoints, then what thread and interrupts are without it."""
    if ending.removes:
        remove_run(run)
        delete_run_checkpoints(run.tenant_id, run.thread_id, run.run_id)
    else:
        interrupt_run(run, ending.reason)
    cause = Cause(actor, f"run:{run.run_id}", ending.error)
    head = read_head(thread)
    if head is None:
        apply_without_reading(thread, cause)
    else:
        apply_head(thread, head, cause)
    if run.status in ACTIVE:
        transaction.on_commit(partial(tell, run, None if head is None else head.values, ending.reason), robust=True)
        wake_on_commit()
