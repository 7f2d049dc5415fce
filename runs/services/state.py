"""Use cases of thread state: read it, read its history, write it."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from runs.checkpoints.state import Change, Page, Snapshot, empty_snapshot, patch_metadata, read_history, read_state, write_state
from runs.lifecycle.head import Cause, apply_head
from runs.models import Thread
from runs.services.access import require_quiet, thread_for
from runs.services.heads import graph_of, place_of
from runs.streams.publish import publish_update
from runs.wire.encoding import dumps
from runs.wire.state import HistoryRequest, StateAt, StatePatch, StateUpdate, state_json
from runs.wire.threads import SuperstepUpdate
from tenants.actors import Actor
from tenants.exceptions import BadRequest, Conflict
from tenants.models import Json
from tenants.policy import Permission, require, require_own
from tenants.services import audit

NO_GRAPH = (
    "Thread '{thread_id}' has no assigned graph ID. This usually occurs when no runs have been made on this particular thread. "
    "This operation requires a graph ID. Please ensure a run has been made for the thread or manually update the thread metadata "
    "(by setting the 'graph_id' field) before running this operation."
)


@transaction.atomic
def get_state(*, actor: Actor, thread_id: UUID, at: StateAt) -> Snapshot:
    """The thread's state, newest or at a checkpoint, of the root or a subgraph; that of a thread that never ran is empty."""
    thread = thread_for(actor, thread_id)
    graph = graph_of(thread)
    if graph is None:
        return empty_snapshot()
    return read_state(graph, place_of(thread, at.checkpoint.checkpoint_id, at.checkpoint.checkpoint_ns), subgraphs=at.subgraphs)


@transaction.atomic
def get_history(*, actor: Actor, thread_id: UUID, request: HistoryRequest) -> list[Snapshot]:
    """A page of the thread's states, newest first."""
    thread = thread_for(actor, thread_id)
    graph = graph_of(thread)
    if graph is None or request.limit == 0:
        return []
    place = place_of(thread, request.checkpoint.checkpoint_id, request.checkpoint.checkpoint_ns)
    return read_history(graph, place, Page(request.limit, request.before, request.metadata))


@transaction.atomic
def update_state(*, actor: Actor, thread_id: UUID, request: StateUpdate) -> Json:
    """Write a checkpoint on the head, on the one named (a fork), or in a subgraph; answers its configurable.

    Checkpoint, thread row, interrupts and audit are one transaction under the thread's lock. Raises Conflict while runs are pending or
    running, BadRequest when the graph refuses.
    """
    thread = thread_for(actor, thread_id, lock=True)
    require(actor, Permission.STATE_UPDATE)
    require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    require_quiet(actor, thread_id)
    graph = graph_of(thread)
    if graph is None:
        raise BadRequest(NO_GRAPH.format(thread_id=thread_id))
    at = request.checkpoint
    place = place_of(thread, at.checkpoint_id, at.checkpoint_ns)
    written, head = write_state(graph, place, [[Change(request.values, request.as_node)]])
    checkpoint_id = str(written["checkpoint_id"])
    epoch_ms = apply_head(thread, head, Cause(actor, f"update:{checkpoint_id}"))
    after = {"checkpoint_id": checkpoint_id, "as_node": request.as_node, "forked_from": at.checkpoint_id}
    if at.checkpoint_ns:
        after |= {"checkpoint_ns": at.checkpoint_ns}
    audit.record(actor, "state.update", "thread", thread_id, before={"checkpoint_id": thread.head_checkpoint_id}, after=after)
    told = partial(publish_update, actor.tenant_id, thread_id, epoch_ms, partial(_update_frame, thread_id, head))
    transaction.on_commit(told, robust=True)
    return written


@transaction.atomic
def patch_state(*, actor: Actor, thread_id: UUID, request: StatePatch) -> None:
    """Merge metadata into that of the thread's newest checkpoint, shallowly. Raises Conflict without one, and while runs are active."""
    thread = thread_for(actor, thread_id, lock=True)
    require(actor, Permission.STATE_UPDATE)
    require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    require_quiet(actor, thread_id)
    checkpoint_id = patch_metadata(place_of(thread), request.metadata)
    if checkpoint_id is None:
        raise Conflict(f"Thread {thread_id} has no state yet.")
    after = {"checkpoint_id": checkpoint_id, "metadata_keys": sorted(request.metadata)}
    audit.record(actor, "state.patch", "thread", thread_id, after=after)


def import_state(actor: Actor, thread: Thread, supersteps: Sequence[Sequence[SuperstepUpdate]]) -> None:
    """Write the supersteps of a thread that is being made, in the transaction that makes it. Raises BadRequest as update_state does."""
    require(actor, Permission.STATE_UPDATE)
    graph = graph_of(thread)
    if graph is None:
        raise BadRequest(NO_GRAPH.format(thread_id=thread.thread_id))
    steps = [[Change(update.values, update.as_node) for update in updates] for updates in supersteps]
    written, head = write_state(graph, place_of(thread), steps)
    checkpoint_id = str(written["checkpoint_id"])
    apply_head(thread, head, Cause(actor, f"update:{checkpoint_id}"))
    after = {"checkpoint_id": checkpoint_id, "supersteps": len(steps)}
    audit.record(actor, "state.update", "thread", thread.thread_id, after=after)


def _update_frame(thread_id: UUID, head: Snapshot) -> bytes:
    """What readers of the thread's stream are shown."""
    return dumps({"state": state_json(head), "thread_id": str(thread_id)})
