"""Use cases of review items: find, show, assign, comment. Deciding stands in `decide.py`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now

from runs.lifecycle.inbox import tell_inbox_on_commit
from runs.models import Decision, Interrupt, ReviewComment, Run, Thread
from runs.models.interrupt import InterruptQuerySet
from runs.services.resume import require_answers, require_kinds
from runs.services.situation import KnownInterrupt
from runs.wire.reviews import (
    AssignRequest,
    CommentList,
    CommentRequest,
    FoundReview,
    HistoryEntry,
    ReviewItem,
    ReviewSearch,
    closing,
    decision_word,
)
from tenants.actors import Actor, Role
from tenants.exceptions import Conflict, Invalid, NotAllowed, NotFound
from tenants.models import ApiKey, AuditEvent, Json, Member, Tenant
from tenants.policy import GRANTS, Permission, require
from tenants.services import audit

COMMENTS_SHOWN = 100
HISTORY_SHOWN = 200
EVENTS = {"review.assign": "assigned", "review.comment": "commented", "review.discard": "thread_deleted"}
DECIDERS = tuple(role for role in Role if Permission.REVIEW_DECIDE in GRANTS[role])


def search_reviews(*, actor: Actor, request: ReviewSearch) -> list[FoundReview]:
    """A page of the tenant's items, and one more if there are more."""
    require(actor, Permission.REVIEW_READ)
    rows = with_answers(actor)
    exact = {
        "assistant_id": request.assistant_id,
        "thread_id": request.thread_id,
        "action": request.tool,
        "kind": request.kind,
        "assignee": request.assignee,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if request.unassigned:
        rows = rows.filter(assignee=None)
    if request.status is not None:
        rows = rows.exclude(status="pending") if request.status == "closed" else rows.filter(status=request.status)
    if request.after is not None:
        rows = _past(actor, rows, request.after, descending=request.descending)
    order = ("-created_at", "-review_id") if request.descending else ("created_at", "review_id")
    return told(actor, list(rows.order_by(*order)[request.offset : request.offset + request.limit + 1]))


def get_review(*, actor: Actor, review_id: UUID) -> ReviewItem:
    """One item with its context; of one whose thread was deleted, what the audit has kept. Raises NotFound."""
    row = review_for(actor, review_id)
    (found,) = told(actor, [row])
    comments = ReviewComment.objects.for_tenant(actor.tenant_id).filter(review_id=review_id).order_by("created_at")
    return ReviewItem(found, may_decide(actor, row), _history(actor, found), list(comments[:COMMENTS_SHOWN]))


@transaction.atomic
def assign_review(*, actor: Actor, review_id: UUID, request: AssignRequest) -> FoundReview:
    """Give an open item to somebody who may decide, or to nobody. It says who is at it and keeps nobody else from deciding.

    Raises Invalid for an assignee who may not decide, Conflict if the item is closed.
    """
    row = review_for(actor, review_id)
    require(actor, Permission.REVIEW_DECIDE)
    assignee = actor.identity if request.assignee == "me" else request.assignee
    if assignee is not None and assignee != actor.identity and not _decides(actor, assignee):
        raise Invalid(f"'{assignee}' is nobody of your tenant who may decide reviews.")
    before = row.assignee
    open_one = Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(review_id=review_id)
    if not open_one.update(assignee=assignee, changed_at=Now()):
        raise too_late(actor, review_for(actor, review_id))
    row.assignee = assignee
    audit.record(actor, "review.assign", "review", review_id, before={"assignee": before}, after={"assignee": assignee})
    tell_inbox_on_commit(actor.tenant_id)
    return FoundReview(row)


@transaction.atomic
def comment_review(*, actor: Actor, review_id: UUID, request: CommentRequest) -> ReviewComment:
    """Say something about an item, open or closed; the graph never sees it. Raises Conflict where the thread is gone."""
    row = review_for(actor, review_id)
    require(actor, Permission.REVIEW_DECIDE)
    if row.status == "discarded":
        raise too_late(actor, row)
    made = ReviewComment.objects.create(tenant_id=actor.tenant_id, review_id=review_id, author=actor.identity, text=request.text)
    audit.record(actor, "review.comment", "review", review_id, after={"comment_id": str(made.comment_id)})
    return made


def list_comments(*, actor: Actor, review_id: UUID, request: CommentList) -> list[ReviewComment]:
    """A page of an item's comments, oldest first, and one more if there are more."""
    review_for(actor, review_id)
    comments = ReviewComment.objects.for_tenant(actor.tenant_id).filter(review_id=review_id).order_by("created_at", "comment_id")
    return list(comments[request.offset : request.offset + request.limit + 1])


def review_for(actor: Actor, review_id: UUID) -> Interrupt:
    """The item's row, with `owner` of its thread, the tenant's `settings` and its last `answer`. Raises NotFound."""
    threads = Thread.objects.for_tenant(OuterRef("tenant_id")).unended().filter(thread_id=OuterRef("thread_id"))
    settings = Tenant.objects.filter(tenant_id=OuterRef("tenant_id")).values("settings")
    rows = with_answers(actor).annotate(
        owner=Subquery(threads.values("owner")),
        settings=Subquery(settings),
        last_assistant_id=Subquery(threads.values("assistant_id")),
        graph_id=Subquery(threads.values("graph_id")),
    )
    row: Interrupt | None = rows.filter(review_id=review_id).first() or _discarded(actor, review_id)
    if row is None:
        raise NotFound(f"Review with ID {review_id} not found")
    require(actor, Permission.REVIEW_READ)
    return row


def with_answers(actor: Actor) -> InterruptQuerySet:
    """The tenant's items, each with its last answer, if it stands."""
    decisions = Decision.objects.for_tenant(OuterRef("tenant_id")).filter(
        thread_id=OuterRef("thread_id"), interrupt_id=OuterRef("interrupt_id"), run_id=OuterRef("resume_run_id")
    )
    return Interrupt.objects.for_tenant(actor.tenant_id).annotate(answer=Subquery(decisions.values("value")[:1]))


def told(actor: Actor, rows: list[Interrupt]) -> list[FoundReview]:
    """Rows with what their closing needs: one statement more if a run has closed one of them."""
    closers = {row.review_id: run_id for row in rows if row.status == "superseded" and (run_id := _run_of(row.closed_by))}
    runs: dict[UUID, tuple[str, str | None]] = {}
    if closers:
        found = Run.objects.for_tenant(actor.tenant_id).filter(run_id__in=set(closers.values()))
        runs = {run_id: (by, reason) for run_id, by, reason in found.values_list("run_id", "created_by", "cancel_reason")}
    return [FoundReview(row, getattr(row, "answer", None), runs.get(closers.get(row.review_id, row.review_id))) for row in rows]


def may_decide(actor: Actor, row: Interrupt) -> bool:
    """Whether the actor may decide this item, and it is open."""
    try:
        require_decider(actor, row)
    except NotAllowed:
        return False
    return row.status == "pending"


def require_decider(actor: Actor, row: Interrupt) -> None:
    """Raise NotAllowed unless the actor may decide this item: permission, kind, second person."""
    require_answers(actor, getattr(row, "owner", None) or "")
    require_kinds(actor, [known(row)], getattr(row, "settings", None) or {})


def known(row: Interrupt) -> KnownInterrupt:
    """As the resume service knows it."""
    return KnownInterrupt(
        interrupt_id=row.interrupt_id,
        kind=row.kind,
        status=row.status,
        node=row.node,
        value=row.value,
        schema=row.schema,
        allowed=list(row.allowed),
        requester=row.requester,
        checkpoint_id=row.checkpoint_id,
        resume_run_id=None if row.resume_run_id is None else str(row.resume_run_id),
    )


def too_late(actor: Actor, row: Interrupt, more: Json | None = None) -> Conflict:
    """The refusal of somebody who comes after the item was closed: by whom, when and how."""
    (found,) = told(actor, [row])
    closed = closing(found)
    assert closed is not None
    at = closed["at"].isoformat(timespec="seconds") if isinstance(closed["at"], datetime) else "some time"
    word = f" ({closed['decision']})" if closed.get("decision") else ""
    how = {
        "answered": f"was answered{word}",
        "new_run": "was closed by a new run",
        "run_cancelled": "was closed when a run was cancelled",
        "run_removed": "was closed by a run that has been removed",
        "state_updated": "was closed by a state update",
        "thread_deleted": "is gone: its thread was deleted",
    }.get(closed["how"], "was closed")
    text = f"This item {how} by {closed['by'] or 'somebody unknown'} at {at}."
    return Conflict(text, {"closed": {**closed, "at": closed["at"].isoformat() if closed["at"] else None}} | (more or {}))


def discard_reviews(actor: Actor, thread_ids: Iterable[UUID]) -> None:
    """Audit the open items of threads that are about to be deleted: what their items then show, and what the feed tells."""
    rows = Interrupt.objects.for_tenant(actor.tenant_id).pending().filter(thread_id__in=list(thread_ids))
    for review_id, thread_id, interrupt_id, kind, action, node in rows.order_by("review_id").values_list(
        "review_id", "thread_id", "interrupt_id", "kind", "action", "node"
    ):
        after = {"thread_id": str(thread_id), "interrupt_id": interrupt_id, "kind": kind, "action": action, "node": node}
        audit.record(actor, "review.discard", "review", review_id, after=after)
    tell_inbox_on_commit(actor.tenant_id)


def _past(actor: Actor, rows: InterruptQuerySet, after: UUID, *, descending: bool) -> InterruptQuerySet:
    """Those behind an item in the order of the list; none behind one that is not there."""
    at = Subquery(Interrupt.objects.for_tenant(actor.tenant_id).filter(review_id=after).values("created_at"))
    if descending:
        return rows.filter(Q(created_at__lt=at) | Q(review_id__lt=after), created_at__lte=at)
    return rows.filter(Q(created_at__gt=at) | Q(review_id__gt=after), created_at__gte=at)


def _discarded(actor: Actor, review_id: UUID) -> Interrupt | None:
    """What is left of an item whose thread was deleted: ids, by whom, when."""
    events = AuditEvent.objects.for_tenant(actor.tenant_id)
    event = events.filter(target_type="review", target_id=str(review_id), action="review.discard").first()
    return None if event is None else tombstone(event)


def tombstone(event: AuditEvent) -> Interrupt:
    """The row that a discarded item had, without what it was about."""
    kept: Any = event.after or {}
    return Interrupt(
        tenant_id=event.tenant_id,
        thread_id=UUID(kept["thread_id"]),
        interrupt_id=kept["interrupt_id"],
        review_id=UUID(event.target_id),
        kind="question" if kept["kind"] != "breakpoint" else "breakpoint",
        action=kept["action"],
        node=kept["node"],
        status="discarded",
        closed_by=f"thread:{kept['thread_id']}",
        closed_actor=event.actor,
        closed_at=event.at,
        created_at=event.at,
    )


def _history(actor: Actor, found: FoundReview) -> list[HistoryEntry]:
    """What happened, oldest first."""
    row = found.row
    entries = [] if row.status == "discarded" else [HistoryEntry(row.created_at, "opened", row.requester)]
    answers = Decision.objects.for_tenant(actor.tenant_id).filter(thread_id=row.thread_id, interrupt_id=row.interrupt_id).order_by("at")
    for answer in answers[:HISTORY_SHOWN]:
        detail = {"decision": decision_word(row.kind, answer.value), "run_id": str(answer.run_id)}
        entries.append(HistoryEntry(answer.at, "answered", answer.actor, detail))
    events = AuditEvent.objects.for_tenant(actor.tenant_id).filter(target_type="review", target_id=str(row.review_id)).order_by("id")
    for event in events.exclude(action="review.decide")[:HISTORY_SHOWN]:
        detail = {} if event.action == "review.discard" else event.after or {}
        name = EVENTS.get(event.action, event.action)
        entries.append(HistoryEntry(event.at, "refused" if "refused" in detail else name, event.actor, detail))
    closed = closing(found)
    if closed is not None and row.status == "superseded" and row.closed_at is not None:
        entries.append(HistoryEntry(row.closed_at, closed["how"], closed["by"], {"cause": closed["cause"]}))
    return sorted(entries, key=lambda entry: entry.at)


def _decides(actor: Actor, identity: str) -> bool:
    """Whether this identity is a member or a valid key of the tenant that may decide."""
    kind, _, name = identity.partition(":")
    try:
        named = UUID(name)
    except ValueError:
        return False
    if kind == "member":
        return Member.objects.for_tenant(actor.tenant_id).filter(user_id=named, role__in=DECIDERS).exists()
    if kind == "key":
        return ApiKey.objects.for_tenant(actor.tenant_id).filter(identity=named, role__in=DECIDERS, revoked_at=None).exists()
    return False


def _run_of(cause: str | None) -> UUID | None:
    """The run that a cause names."""
    kind, _, name = (cause or "").partition(":")
    try:
        return UUID(name) if kind == "run" else None
    except ValueError:
        return None
