"""Runs without a thread: on a hidden one, which ends with them unless it is to be kept."""

from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from runs.lifecycle.queue import wake_on_commit
from runs.lifecycle.transitions import ThreadChange, accept_stateless
from runs.models import Run
from runs.services.pinning import Pin
from runs.services.situation import read_situation
from runs.wire.merge import ThreadPart
from runs.wire.runs import RunRequest
from tenants.actors import Actor
from tenants.policy import Permission, require


@transaction.atomic
def create_stateless_run(*, actor: Actor, request: RunRequest, assistant_id: UUID, streamed: bool) -> Run:
    """Accept a run with a thread of its own, in two statements; wakes the workers on commit. Raises BadRequest for a resume."""
    request.require_stateless()
    thread_id = UUID(bytes=uuid7().bytes)
    situation = read_situation(actor.tenant_id, assistant_id, thread_id)
    require(actor, Permission.RUN_CREATE)
    if request.command is not None and request.command.steers:
        require(actor, Permission.STATE_UPDATE)
    pin = Pin.of(situation.assistant)
    merged = pin.merged(ThreadPart(fresh=True), request)
    run = pin.run(actor, thread_id, request, merged)
    run.kwargs = request.kwargs(merged, temporary=True)
    run.streamed = streamed
    accept_stateless(actor, run, ThreadChange(merged.thread_metadata, merged.thread_config, keep=request.on_completion == "keep"))
    wake_on_commit()
    return run
