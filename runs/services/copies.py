"""Use case of copying a thread."""

from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from runs.checkpoints.storage import copy_checkpoints
from runs.lifecycle.copies import copy_rows
from runs.lifecycle.head import Cause, apply_head
from runs.models import Interrupt, Thread
from runs.services.access import require_quiet, thread_for
from runs.services.heads import read_head
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.policy import Permission, require


@transaction.atomic
def copy_thread(*, actor: Actor, thread_id: UUID) -> Thread:
    """A new thread with the same state, history, metadata, owner and open interrupts, which are answered in each on its own; without runs.

    Raises Conflict for a thread that does not exist, as the recorded server does, and while runs are pending or running. With an open
    interrupt it needs `state.update`: a second gate is a way around the first.
    """
    try:
        thread = thread_for(actor, thread_id, lock=True)
    except NotFound as error:
        raise Conflict("Conflict") from error
    require(actor, Permission.THREAD_CREATE)
    if Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id=thread_id).exists():
        require(actor, Permission.STATE_UPDATE)
    require_quiet(actor, thread_id)
    copy_id = UUID(bytes=uuid7().bytes)
    copy_rows(actor, thread, copy_id)
    copy_checkpoints(actor.tenant_id, thread_id, copy_id)
    copy = thread_for(actor, copy_id)
    if thread.status == "error" and (head := read_head(copy)) is not None:
        apply_head(copy, head, Cause(actor, f"copy:{thread_id}"))
        copy = thread_for(actor, copy_id)
    return copy
