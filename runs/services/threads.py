"""Use cases of threads: create, get, patch, delete."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from runs.checkpoints.storage import delete_checkpoints
from runs.lifecycle.thread_metadata import index_pairs
from runs.lifecycle.transitions import make_thread
from runs.models import Interrupt, Run, Thread, ThreadMetadata
from runs.services.access import thread_for
from runs.services.ending import ACTIVE, tell
from runs.services.review import discard_reviews
from runs.services.state import import_state
from runs.streams.publish import LOGGED_SECONDS, publish_gone
from runs.wire.threads import ThreadCreate, ThreadPatch
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.policy import Permission, require, require_own
from tenants.services import audit


def create_thread(*, actor: Actor, request: ThreadCreate) -> Thread:
    """Make a thread that belongs to the actor, in one statement. An id that is taken: Conflict, or the stored thread if that is wanted.

    With supersteps, which need `state.update`, it is made with their state or not at all; a stored thread stays as it is.
    """
    require(actor, Permission.THREAD_CREATE)
    thread_id = request.thread_id or UUID(bytes=uuid7().bytes)
    thread = _with_state(actor, thread_id, request) if request.supersteps else make_thread(actor, thread_id, request.metadata, {})
    if thread is not None:
        return thread
    taken = Conflict(f"Thread with ID {thread_id} already exists")
    if request.if_exists != "do_nothing":
        raise taken
    try:
        return thread_for(actor, thread_id)
    except NotFound:
        raise taken from None


@transaction.atomic
def _with_state(actor: Actor, thread_id: UUID, request: ThreadCreate) -> Thread | None:
    thread = make_thread(actor, thread_id, request.metadata, {})
    if thread is None:
        return None
    import_state(actor, thread, request.supersteps)
    return thread_for(actor, thread_id)


@transaction.atomic
def patch_thread(*, actor: Actor, thread_id: UUID, request: ThreadPatch) -> Thread:
    """Merge metadata shallowly; moves `updated_at`."""
    try:
        thread = thread_for(actor, thread_id, lock=True)
    except NotFound as error:
        raise NotFound("Not Found") from error
    require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    metadata = {**thread.metadata, **request.metadata}
    _reindex(thread, metadata)
    Thread.objects.for_tenant(actor.tenant_id).filter(thread_id=thread_id).update(metadata=metadata, updated_at=Now())
    audit.record(actor, "thread.update", "thread", thread_id, after={"metadata_keys": sorted(request.metadata)})
    return thread_for(actor, thread_id)


@transaction.atomic
def delete_thread(*, actor: Actor, thread_id: UUID) -> None:
    """Remove the thread and everything of it; only the audit keeps its id.

    Running runs end first. Open interrupts are discarded, which needs `state.update`.
    """
    thread = thread_for(actor, thread_id, lock=True)
    require_own(actor, thread.owner, Permission.THREAD_DELETE_OWN, Permission.THREAD_DELETE)
    remove_threads(actor, [thread], require_gates(actor, [thread]))


def require_gates(actor: Actor, threads: Sequence[Thread]) -> dict[UUID, list[str]]:
    """The open interrupts that removing these threads discards; Raises NotAllowed if there are any and the actor may not pass them."""
    names = [thread.thread_id for thread in threads]
    interrupts = Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id__in=names)
    discarded: dict[UUID, list[str]] = defaultdict(list)
    for thread_id, interrupt_id in interrupts.order_by("interrupt_id").values_list("thread_id", "interrupt_id"):
        discarded[thread_id].append(interrupt_id)
    if discarded:
        require(actor, Permission.STATE_UPDATE)  # a way around the gate
    return discarded


def remove_threads(actor: Actor, threads: Sequence[Thread], discarded: Mapping[UUID, list[str]]) -> None:
    """Remove locked threads, which the actor may; readers and workers are told after the commit."""
    names = [thread.thread_id for thread in threads]
    runs = Run.objects.for_tenant(actor.tenant_id).filter(thread_id__in=names)
    for run in runs.active().only("tenant_id", "thread_id", "run_id", "resumable", "epoch_ms", "lease_owner"):
        transaction.on_commit(partial(tell, run, None, "delete"), robust=True)
    logged: dict[UUID, list[UUID]] = defaultdict(list)
    recent = Q(status__in=ACTIVE) | Q(updated_at__gt=Now() - timedelta(seconds=LOGGED_SECONDS))
    for thread_id, run_id in runs.filter(recent).values_list("thread_id", "run_id"):
        logged[thread_id].append(run_id)
    if discarded:
        discard_reviews(actor, discarded)
    runs.delete()
    delete_checkpoints(actor.tenant_id, names)
    Thread.objects.for_tenant(actor.tenant_id).filter(thread_id__in=names).delete()
    for thread in threads:
        name = thread.thread_id
        audit.record(actor, "thread.delete", "thread", name, before={"status": thread.status, "discarded": discarded.get(name, [])})
        transaction.on_commit(partial(publish_gone, actor.tenant_id, name, logged[name]), robust=True)


def _reindex(thread: Thread, metadata: dict[str, object]) -> None:
    """Make the thread's index rows those of this metadata."""
    old, new = index_pairs(thread.metadata), index_pairs(metadata)
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    if not changed:
        return
    index = ThreadMetadata.objects.for_tenant(thread.tenant_id)
    index.filter(thread_id=thread.thread_id, key__in=changed).delete()
    rows = [
        ThreadMetadata(tenant_id=thread.tenant_id, thread_id=thread.thread_id, key=key, value=new[key])
        for key in sorted(changed & new.keys())
    ]
    index.bulk_create(rows)
