"""Ending runs from outside. Settled here at once, in the caller's transaction; a worker that still runs one can write nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from runs.checkpoints.undo import delete_run_checkpoints, withdraw_writes
from runs.lifecycle.head import Cause, apply_head, apply_without_reading
from runs.lifecycle.queue import wake_on_commit
from runs.lifecycle.transitions import interrupt_runs, remove_runs
from runs.models import Interrupt, Run, Thread
from runs.models.run import RunQuerySet
from runs.services.heads import read_head
from runs.streams.control import send, stop_message
from runs.streams.publish import publish_end
from runs.wire.encoding import dumps
from tenants.actors import Actor
from tenants.policy import Permission, may
from tenants.services import audit

ACTIVE = ("pending", "running")
WAIT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Ending:
    """How runs end here; `error` is what their thread then shows."""

    reason: str
    removes: bool = False
    error: dict[str, str] | None = None


def locked_runs(thread: Thread) -> RunQuerySet:
    """The runs of a locked thread, to be locked as they are read, in the order in which they would run."""
    runs = Run.objects.for_tenant(thread.tenant_id).filter(thread_id=thread.thread_id)
    return runs.select_for_update(no_key=True).order_by("run_at", "seq")


def gate_is_open(actor: Actor, thread: Thread, ending: Ending) -> bool:
    """Whether the actor may end runs so: removing checkpoints while an interrupt waits is a way around it."""
    if not ending.removes or may(actor, Permission.STATE_UPDATE):
        return True
    return not Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id=thread.thread_id).exists()


def end_runs(actor: Actor, thread: Thread, runs: Sequence[Run], ending: Ending) -> None:
    """End these runs of a locked thread, which are locked as well; their thread and interrupts become what the head then says.

    Locked or gone, their workers can write nothing more. Readers and workers are told after the commit.
    """
    run_ids = [run.run_id for run in runs]
    if ending.removes:
        for run in reversed([run for run in runs if run.attempt]):  # the newest first: what it took the place of may be an older one's
            withdraw_writes(thread.tenant_id, thread.thread_id, run.run_id)
        remove_runs(thread.tenant_id, run_ids)
        delete_run_checkpoints(thread.tenant_id, thread.thread_id, run_ids)
    else:
        interrupt_runs(thread.tenant_id, run_ids, ending.reason)
    cause = Cause(actor, f"run:{run_ids[0]}", ending.error)
    head = read_head(thread)
    if head is None:
        apply_without_reading(thread, cause)
    else:
        apply_head(thread, head, cause)
    for run in runs:
        if run.status in ACTIVE:
            transaction.on_commit(partial(tell, run, None if head is None else head.values, ending.reason), robust=True)
    wake_on_commit()


def audit_cancelled(actor: Actor, runs: Sequence[Run], ending: Ending) -> None:
    """One row for each."""
    for run in runs:
        after = {"thread_id": str(run.thread_id), "action": ending.reason}
        audit.record(actor, "run.cancel", "run", run.run_id, before={"status": run.status}, after=after)


def tell(run: Run, values: Any, reason: str) -> None:
    """After the commit: readers get the end, with the values so far; the worker stops its task."""
    wait = dumps({} if values is None else values)
    body = b"null" if len(wait) > WAIT_BYTES else wait
    publish_end(run, run.epoch_ms, b'{"status":"interrupted","wait":%b,"error":null}' % body)
    if run.lease_owner:
        send(run.lease_owner, stop_message(run.run_id, reason))
