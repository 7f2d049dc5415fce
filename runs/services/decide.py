"""Deciding a review item: the decision becomes the resume value of its kind, and goes the way of every resume."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from runs.models import Decision, Interrupt, Run
from runs.services.answers import check_answer, check_args
from runs.services.resume import ID
from runs.services.review import known, require_decider, review_for, too_late
from runs.services.runs import create_run
from runs.wire.commands import Command
from runs.wire.decisions import Choice, resume_value
from runs.wire.difference import difference
from runs.wire.proposals import Proposal, digest_of
from runs.wire.reviews import DecideRequest, FoundReview, decision_word
from runs.wire.runs import RunRequest
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.models import Json
from tenants.services import audit

CHANGED = "The proposal has changed since it was shown: look at it again before you decide."
NO_ASSISTANT = "The assistant that asked has been deleted: answer through the API with another one of the same graph."
OTHER_DECISION = "This idempotency key was used for another decision on this item."


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision."""

    review_id: UUID
    thread_id: UUID
    run_id: UUID
    decision: str | None
    decided_by: str
    decided_at: datetime

    def json(self) -> Json:
        """As the wire shows it."""
        return {
            "review_id": str(self.review_id),
            "status": "resolved",
            "decision": self.decision,
            "thread_id": str(self.thread_id),
            "run_id": str(self.run_id),
            "decided_by": self.decided_by,
            "decided_at": self.decided_at,
        }


def decide_review(*, actor: Actor, review_id: UUID, request: DecideRequest) -> Decided:
    """Answer an item, once: one decision wins, others are told who and when. A repeat with the same key gets the first answer.

    Order: visible 404, permitted 403, fits 422, still as shown and open 409. All of that is checked before the thread is locked; then
    `create_run` checks again under its lock, as for any resume.
    """
    row = review_for(actor, review_id)
    require_decider(actor, row)
    if (first := _earlier(actor, row, request)) is not None:
        return first
    found = FoundReview(row)
    if row.status != "pending":
        raise _closed(actor, row, request)
    if request.shown_digest not in (None, found.digest):
        raise Conflict(CHANGED, {"shown_digest": found.digest, "difference": _since_shown(found, request.shown_digest)})
    value = _checked(found.proposal(), row, request.choices)
    try:
        return _decided(actor, row, request, value)
    except (Conflict, NotFound) as error:
        again = review_for(actor, review_id)
        if (first := _earlier(actor, again, request)) is not None:
            return first
        if again.status != "pending":
            raise _closed(actor, again, request) from error
        raise Conflict(NO_ASSISTANT) if isinstance(error, NotFound) else error from error


def _since_shown(found: FoundReview, shown: str | None) -> list[Json] | None:
    """What has changed since this digest was shown; None if nobody knows what that was."""
    former = found.row.former
    if former is None or digest_of(found.row.checkpoint_id, former) != shown:
        return None
    return difference(orjson.loads(former)["value"], found.proposal().value)


@transaction.atomic
def _decided(actor: Actor, row: Interrupt, request: DecideRequest, value: Any) -> Decided:
    run = create_run(actor=actor, thread_id=row.thread_id, request=_run_request(row, value, request.after_seconds), streamed=False)
    decision = Decision.objects.for_tenant(actor.tenant_id).filter(
        thread_id=row.thread_id, interrupt_id=row.interrupt_id, run_id=run.run_id
    )
    decision.update(key=request.idempotency_key, digest=request.digest(actor.identity))
    word = decision_word(row.kind, value)
    after = {
        "decision": word,
        "run_id": str(run.run_id),
        "shown": request.shown_digest or FoundReview(row).digest,
        "sent": hashlib.sha256(orjson.dumps(value)).hexdigest(),
    }
    audit.record(actor, "review.decide", "review", row.review_id, after=after)
    return Decided(row.review_id, row.thread_id, run.run_id, word, actor.identity, _accepted_at(run, request))


def _accepted_at(run: Run, request: DecideRequest) -> datetime:
    """A delayed run is created in the future, as the wire has it; the decision is made now."""
    return run.updated_at if request.after_seconds else run.created_at


def _checked(proposal: Proposal, row: Interrupt, choices: tuple[Choice, ...]) -> Any:
    """The resume value. Raises Invalid unless the decision is allowed, its arguments fit, and so does the whole answer."""
    value = resume_value(proposal, choices)
    if row.kind == "breakpoint":
        return value
    for action, choice in zip(proposal.actions, choices, strict=False):
        if choice.decision == "edit":
            check_args(action.name or "the action", action.schema, choice.args)
    check_answer(known(row), value)
    return value


def _run_request(row: Interrupt, value: Any, after_seconds: float) -> RunRequest:
    """What a client would send: the answer by its id; for a breakpoint a resume of the checkpoint it stopped at, so of no later one."""
    assistant = row.assistant_id or getattr(row, "last_assistant_id", None) or getattr(row, "graph_id", None)
    if assistant is None:
        raise Conflict(NO_ASSISTANT)
    if row.kind == "breakpoint":
        at = {"checkpoint_id": row.checkpoint_id}
        return RunRequest(str(assistant), command=Command(resume=True), checkpoint=at, after_seconds=after_seconds)
    if not ID.fullmatch(row.interrupt_id):
        raise Conflict(f"Interrupt {row.interrupt_id} has no id of LangGraph's form, so it cannot be addressed.")
    return RunRequest(str(assistant), command=Command(resume={row.interrupt_id: value}), after_seconds=after_seconds)


def _earlier(actor: Actor, row: Interrupt, request: DecideRequest) -> Decided | None:
    """The answer to the first request with this key; Conflict if that decided something else, or was somebody else's."""
    if request.idempotency_key is None:
        return None
    decisions = Decision.objects.for_tenant(actor.tenant_id).filter(thread_id=row.thread_id, interrupt_id=row.interrupt_id)
    first = decisions.filter(key=request.idempotency_key).order_by("at").first()
    if first is None:
        return None
    if first.digest != request.digest(actor.identity):
        raise Conflict(OTHER_DECISION, {"decided_by": first.actor, "decided_at": first.at.isoformat()})
    return Decided(row.review_id, row.thread_id, first.run_id, decision_word(row.kind, first.value), first.actor, first.at)


def _closed(actor: Actor, row: Interrupt, request: DecideRequest) -> Conflict:
    """Somebody was first, or the thread has moved on: then with the difference to what is proposed in its place."""
    if row.status == "resolved":
        return too_late(actor, row)
    later = Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id=row.thread_id, kind=row.kind, node=row.node)
    successor = later.filter(created_at__gt=row.created_at).order_by("created_at").first()
    if successor is None:
        return too_late(actor, row)
    old, new = FoundReview(row), FoundReview(successor)
    more = {
        "successor": str(successor.review_id),
        "shown_digest": new.digest,
        "difference": difference(old.proposal().value, new.proposal().value),
    }
    return too_late(actor, row, more)
