"""Use cases of runs: create and list."""

from dataclasses import replace
from uuid import UUID

from django.db import transaction

from assistants.services.assistants import ensure_builtins
from runs.checkpoints.state import find_ancestors
from runs.lifecycle.queue import wake_on_commit
from runs.lifecycle.transitions import ThreadChange, accept, lock_thread, make_thread
from runs.models import Run, Thread
from runs.services.access import thread_for
from runs.services.heads import place_of
from runs.services.multitask import admit, require_strategy
from runs.services.pinning import Pin, assistant_id_of
from runs.services.resume import Resume, addressed, require_answerer, require_fit, require_kinds, require_open, resume_of
from runs.services.situation import MISSING, Situation, read_situation
from runs.services.stateless import create_stateless_run
from runs.wire.merge import ThreadPart
from runs.wire.runs import RunList, RunRequest
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.models import Json
from tenants.policy import Permission, require, require_own

HIDDEN = "This thread was made for one run and ends with it: create a thread, or give that run on_completion 'keep'."


def create_run(*, actor: Actor, thread_id: UUID | None, request: RunRequest, streamed: bool) -> Run:
    """Accept a run: new input, a command, or the answer to interrupts; without a thread on a hidden one. Wakes the workers on commit.

    At most four statements, decided and written under the thread's row lock; more only where its strategy ends other runs. A refusal
    leaves nothing behind.
    """
    assistant_id = assistant_id_of(request.assistant)
    ensure_builtins(actor.tenant_id)
    if thread_id is None:
        return create_stateless_run(actor=actor, request=request, assistant_id=assistant_id, streamed=streamed)
    return _create_on_thread(actor, thread_id, request, assistant_id, streamed)


def list_runs(*, actor: Actor, thread_id: UUID, request: RunList) -> list[Run]:
    """A page of the thread's runs, newest first, and one more if there are more."""
    thread_for(actor, thread_id)
    require(actor, Permission.RUN_READ)
    runs = Run.objects.for_tenant(actor.tenant_id).filter(thread_id=thread_id)
    if request.status is not None:
        runs = runs.filter(status=request.status)
    return list(runs.order_by("-created_at", "-seq")[request.offset : request.offset + request.limit + 1])


@transaction.atomic
def _create_on_thread(actor: Actor, thread_id: UUID, request: RunRequest, assistant_id: UUID, streamed: bool) -> Run:
    thread, fresh = _lock_or_make(actor, thread_id, request)
    request = _located(thread, request)
    situation = read_situation(actor.tenant_id, assistant_id, thread_id, list(addressed(request) or ()))
    resume = _authorised(actor, thread, request, situation)
    if thread.temporary and not thread.keep:
        raise Conflict(HIDDEN)
    pin = Pin.of(situation.assistant)
    waiting = None
    if resume is not None:
        require_open(thread, request, resume, situation, pin.graph)
    else:
        waiting = admit(actor, thread, request.multitask_strategy, situation)
    merged = pin.merged(ThreadPart(thread.config, thread.metadata, fresh), request)
    run = pin.run(actor, thread_id, request, merged)
    run.streamed = streamed
    if resume is not None:
        run.kwargs = _answering(run.kwargs, resume)
        run.resume_ids = resume.ids
        run.base_checkpoint_id = None if resume.answers else thread.head_checkpoint_id  # a breakpoint has no answer that could be unknown
    else:
        run.base_checkpoint_id = waiting  # permitted in sight of these interrupts: the worker looks again
    change = ThreadChange(merged.thread_metadata, None if thread.config else merged.thread_config)
    accept(actor, thread, run, change, None if resume is None else resume.answers)
    if not run.after_seconds:  # a delayed run is started by the sweep
        wake_on_commit()
    return run


def _lock_or_make(actor: Actor, thread_id: UUID, request: RunRequest) -> tuple[Thread, bool]:
    """The locked thread, and whether this run makes it (a row we inserted is locked). Raises NotFound if none is to be made."""
    for _ in range(3):
        if (thread := lock_thread(actor.tenant_id, thread_id)) is not None:
            return thread, False
        if request.if_not_exists != "create":
            raise NotFound(MISSING)
        require(actor, Permission.THREAD_CREATE)
        if (thread := make_thread(actor, thread_id, {}, {})) is not None:
            return thread, True
    raise Conflict(f"Thread with ID {thread_id} is being deleted")


def _located(thread: Thread, request: RunRequest) -> RunRequest:
    """A fork from a subgraph's checkpoint starts each graph around it where that one was called: one statement more."""
    if not request.namespace or request.checkpoint is None:
        return request
    ids = find_ancestors(place_of(thread, request.checkpoint["checkpoint_id"], request.namespace))
    found = {"checkpoint_id": ids[request.namespace], "checkpoint_ns": request.namespace, "checkpoint_map": ids}
    return replace(request, checkpoint=found)


def _authorised(actor: Actor, thread: Thread, request: RunRequest, situation: Situation) -> Resume | None:
    """Let the run pass, and say which interrupts it answers; None for a new run."""
    if request.command is not None and request.command.resumes:
        require_answerer(actor, thread, request)
    resume = resume_of(request, situation)
    if resume is None:
        _require_new_run(actor, thread, request, situation)
        return None
    require_answerer(actor, thread, request)
    require_kinds(actor, resume.interrupts, situation.settings)
    require_fit(resume)
    return resume


def _require_new_run(actor: Actor, thread: Thread, request: RunRequest, situation: Situation) -> None:
    """Raise NotAllowed unless the actor may run here; past an open interrupt, from an old checkpoint or steering: edit state.

    So, too, to go on without input from wherever other runs will have left the thread: that may be a breakpoint.
    """
    require(actor, Permission.RUN_CREATE)
    require_own(actor, thread.owner, Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    steers = request.command is not None and request.command.steers
    blind = not request.has_input and bool(situation.active or request.after_seconds)
    if steers or blind or request.checkpoint_id is not None or situation.gated:
        require(actor, Permission.STATE_UPDATE)
    require_strategy(actor, request.multitask_strategy, situation)


def _answering(kwargs: Json, resume: Resume) -> Json:
    """What the worker gets: always a map by interrupt id, never a bare value, which would answer whatever gate comes next."""
    command = {key: part for key, part in (kwargs["command"] or {}).items() if key != "resume"}
    if resume.answers:
        command["resume"] = resume.answers
    configurable = {key: value for key, value in kwargs["config"]["configurable"].items() if not key.startswith("checkpoint_")}
    return {**kwargs, "input": None, "command": command or None, "config": {**kwargs["config"], "configurable": configurable}}
