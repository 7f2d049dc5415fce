"""Answering interrupts: who may, whether it fits, and what the run then carries.

Order of checks (the thread is visible already): permitted 403, fits 403 / 422, still open 409. The interrupt rows are won in the statement
that inserts the run.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistants.registry.loader import LoadedGraph
from runs.models import Thread
from runs.services.answers import check_answer
from runs.services.situation import KnownInterrupt, Situation
from runs.wire.runs import RunRequest
from tenants.actors import Actor, ActorKind
from tenants.exceptions import Conflict, Invalid, NotAllowed
from tenants.models import Json, effective
from tenants.policy import Permission, may, require, require_own

ID = re.compile(r"[0-9a-f]{32}")
NOTHING_OPEN = "Nothing on this thread waits for an answer. To continue it, create a run without input and command."
ANSWERED = "This interrupt has been answered already."


@dataclass(frozen=True, slots=True)
class Resume:
    """The interrupts that a run answers, and the answers by id; those of static breakpoints have none."""

    interrupts: list[KnownInterrupt]
    answers: dict[str, Any]

    @property
    def ids(self) -> list[str]:
        """What the run names, so that its claim closes nothing else's interrupts."""
        return [interrupt.interrupt_id for interrupt in self.interrupts]


def addressed(request: RunRequest) -> Mapping[str, Any] | None:
    """The answers by interrupt id, if the request gives them so: a map whose keys all look like ids. Else it is one bare value."""
    resume = request.command.resume if request.command else None
    if isinstance(resume, dict) and resume and all(ID.fullmatch(key) for key in resume):
        return resume
    return None


def resume_of(request: RunRequest, situation: Situation) -> Resume | None:
    """Which interrupts the request answers; None if it is a new run.

    Raises Invalid for unknown or ambiguous ones, Conflict if none is open.
    """
    pending = situation.pending
    breakpoints = [interrupt for interrupt in pending if interrupt.kind == "breakpoint"]
    if request.command is None:
        continues = request.input is None and request.checkpoint_id is None and breakpoints and len(breakpoints) == len(pending)
        return Resume(breakpoints, {}) if continues else None
    if not request.command.resumes:
        return None
    by_id = addressed(request)
    if by_id is not None:
        return Resume(_named(by_id, situation), dict(by_id))
    answerable = [interrupt for interrupt in pending if interrupt.kind != "breakpoint"]
    if len(answerable) == 1:
        return Resume(answerable, {answerable[0].interrupt_id: request.command.resume})
    if answerable:
        raise Invalid(f"More than one interrupt is pending: answer by id. {_listed(pending)}")
    if breakpoints:
        return Resume(breakpoints, {})
    raise Conflict(ANSWERED if any(run.resume_ids for run in situation.active) else NOTHING_OPEN)


def require_answers(actor: Actor, owner: str) -> None:
    """Raise NotAllowed unless the actor answers interrupts of threads of this owner."""
    if not may(actor, Permission.REVIEW_DECIDE):
        require_own(actor, owner, Permission.RUN_RESUME, Permission.REVIEW_DECIDE)


def require_answerer(actor: Actor, thread: Thread, request: RunRequest) -> None:
    """Step 3: raise NotAllowed unless the actor answers interrupts at all, here; and may steer, if the answer does."""
    require_answers(actor, thread.owner)
    if request.command is not None and request.command.steers:
        require(actor, Permission.STATE_UPDATE)


def require_kinds(actor: Actor, interrupts: Sequence[KnownInterrupt], settings: Json) -> None:
    """Step 4, first half: raise NotAllowed unless the actor may answer interrupts of these kinds; some need a second person."""
    decides = may(actor, Permission.REVIEW_DECIDE)
    setting = "members_need_second_person" if actor.kind is ActorKind.MEMBER else "keys_need_second_person"
    rules = effective(settings)
    alone, left_to_owners = not rules[setting], rules["owner_answers"]
    for interrupt in interrupts:
        if interrupt.kind in left_to_owners:
            continue
        if not decides:
            raise NotAllowed(f"Interrupt {interrupt.interrupt_id} ({interrupt.kind}) needs {Permission.REVIEW_DECIDE}: ask a reviewer.")
        if not alone and interrupt.requester == actor.identity:
            raise NotAllowed(f"Interrupt {interrupt.interrupt_id} ({interrupt.kind}) needs a second person: you started this run.")


def require_fit(resume: Resume) -> None:
    """Step 4, second half: raise Invalid unless each answer is one that its interrupt admits."""
    for interrupt in resume.interrupts:
        if interrupt.interrupt_id in resume.answers:
            check_answer(interrupt, resume.answers[interrupt.interrupt_id])


def require_open(thread: Thread, request: RunRequest, resume: Resume, situation: Situation, graph: LoadedGraph) -> None:
    """Step 5: raise Conflict unless all are pending at the head, nothing else runs, and the graph can continue them."""
    for interrupt in resume.interrupts:
        if interrupt.status == "resolved":
            raise Conflict(ANSWERED, {"answered_by": interrupt.closed_by, "answered_at": interrupt.closed_at})
        if interrupt.status != "pending":
            raise Conflict(ANSWERED)
    if request.checkpoint_id is not None and request.checkpoint_id != thread.head_checkpoint_id:
        raise Conflict("The thread has moved on since the checkpoint you saw: read its state again.")
    pauses = {interrupt.checkpoint_id for interrupt in resume.interrupts}
    for run in situation.active:
        if not run.resume_ids or pauses != {other.checkpoint_id for other in situation.interrupts if other.interrupt_id in run.resume_ids}:
            raise Conflict("The thread has runs in progress: wait for them to finish before answering.")
    for interrupt in resume.interrupts:
        _require_compatible(interrupt, graph)


def _named(by_id: Mapping[str, Any], situation: Situation) -> list[KnownInterrupt]:
    known = {interrupt.interrupt_id: interrupt for interrupt in situation.interrupts}
    if unknown := [name for name in by_id if name not in known]:
        raise Invalid(f"Unknown interrupt {', '.join(unknown)}. {_listed(situation.pending)}")
    return [known[name] for name in by_id]


def _listed(pending: list[KnownInterrupt]) -> str:
    ids = [interrupt.interrupt_id for interrupt in pending if interrupt.kind != "breakpoint"]
    return f"Pending: {', '.join(ids)}" if ids else "None is pending."


def _require_compatible(interrupt: KnownInterrupt, graph: LoadedGraph) -> None:
    if interrupt.fingerprint in (None, graph.fingerprint) and interrupt.graph_id in (None, graph.graph_id):
        return
    nodes = {str(node.get("id")) for node in graph.drawing.get("nodes", ())}
    if interrupt.graph_id != graph.graph_id or interrupt.node not in nodes:
        raise Conflict(
            f"graph_incompatible: the thread paused in node '{interrupt.node}' of graph '{interrupt.graph_id}', which this version of "
            f"'{graph.graph_id}' does not have. Deploy the version it paused under, move the thread with a state update, or delete it."
        )
