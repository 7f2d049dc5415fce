"""Runs without a thread: each on a hidden one, which ends with it unless it is to be kept."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from assistants.services.assistants import ensure_builtins
from runs.lifecycle.queue import wake_on_commit
from runs.lifecycle.transitions import ThreadChange, accept_stateless
from runs.models import Run
from runs.services.pinning import Pin, assistant_id_of
from runs.services.situation import Situation, read_situation
from runs.wire.merge import ThreadPart
from runs.wire.runs import RunRequest
from tenants.actors import Actor
from tenants.policy import Permission, require

NO_THREAD = UUID(int=0)  # nothing runs or waits there


@transaction.atomic
def create_stateless_run(*, actor: Actor, request: RunRequest, assistant_id: UUID, streamed: bool) -> Run:
    """Accept a run with a hidden thread of its own, in two statements; wakes the workers on commit. Raises BadRequest for a resume."""
    request.require_stateless()
    return _accept(actor, request, read_situation(actor.tenant_id, assistant_id, NO_THREAD), streamed=streamed)


def create_batch(*, actor: Actor, requests: Sequence[RunRequest]) -> list[Run]:
    """Accept runs without threads, all or none: one statement for each, and one for each assistant."""
    assistants = [assistant_id_of(request.assistant) for request in requests]
    for request in requests:
        request.require_stateless()
    ensure_builtins(actor.tenant_id)
    with transaction.atomic():
        situations = {assistant_id: read_situation(actor.tenant_id, assistant_id, NO_THREAD) for assistant_id in dict.fromkeys(assistants)}
        return [
            _accept(actor, request, situations[assistant_id], streamed=False)
            for request, assistant_id in zip(requests, assistants, strict=True)
        ]


def _accept(actor: Actor, request: RunRequest, situation: Situation, *, streamed: bool) -> Run:
    require(actor, Permission.RUN_CREATE)
    if request.command is not None and request.command.steers:
        require(actor, Permission.STATE_UPDATE)
    pin = Pin.of(situation.assistant)
    merged = pin.merged(ThreadPart(fresh=True), request)
    run = pin.run(actor, UUID(bytes=uuid7().bytes), request, merged)
    run.kwargs = request.kwargs(merged, temporary=True)
    run.streamed = streamed
    accept_stateless(actor, run, ThreadChange(merged.thread_metadata, merged.thread_config, keep=request.on_completion == "keep"))
    if not run.after_seconds:
        wake_on_commit()
    return run
