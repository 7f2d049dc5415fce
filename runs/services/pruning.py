"""Use cases about what threads take: measure it, and prune many at once."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from runs.checkpoints.storage import measure_checkpoints, prune_checkpoints
from runs.lifecycle.transitions import lock_threads
from runs.models import Run, Thread
from runs.services.access import thread_for
from runs.services.threads import remove_threads, require_gates
from runs.wire.storage import PruneRequest, Sizes
from tenants.actors import Actor
from tenants.exceptions import Conflict
from tenants.policy import Permission, require, require_own
from tenants.services import audit


@transaction.atomic
def thread_storage(*, actor: Actor, thread_id: UUID) -> Sizes:
    """What the thread's history takes."""
    thread_for(actor, thread_id)
    return measure_checkpoints(actor.tenant_id, thread_id)


@transaction.atomic
def prune_threads(*, actor: Actor, request: PruneRequest) -> int:
    """Delete threads, or keep their latest state only; answers how many. All of them, or none.

    Ids that nobody of this tenant can see are skipped. It needs what deleting each needs; with `delete` open interrupts are discarded, with
    `keep_latest` they stay open. Raises Conflict while a run of one is pending or running, and where a state is made of its history.
    """
    require(actor, Permission.THREAD_READ)
    threads = lock_threads(actor.tenant_id, request.thread_ids)
    for thread in threads:
        require_own(actor, thread.owner, Permission.THREAD_DELETE_OWN, Permission.THREAD_DELETE)
    discarded = require_gates(actor, threads) if request.strategy == "delete" else {}
    _require_quiet(actor, threads)
    if request.strategy == "delete":
        remove_threads(actor, threads, discarded)
        return len(threads)
    for thread in threads:
        removed = prune_checkpoints(actor.tenant_id, thread.thread_id)
        audit.record(actor, "thread.prune", "thread", thread.thread_id, after={"strategy": "keep_latest", "checkpoints": removed})
    return len(threads)


def _require_quiet(actor: Actor, threads: Sequence[Thread]) -> None:
    names = [thread.thread_id for thread in threads]
    active = Run.objects.for_tenant(actor.tenant_id).active().filter(thread_id__in=names)
    if busy := sorted(set(active.values_list("thread_id", flat=True)[:10])):
        raise Conflict(f"Threads with in-flight runs cannot be pruned: {', '.join(map(str, busy))}")
