"""Review items on the wire: bodies that search, decide, assign and comment, and the rows."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NotRequired, TypedDict

import orjson

from runs.models import Interrupt, ReviewComment
from runs.wire.decisions import Choice
from runs.wire.proposals import INBOX_WORDS, Proposal, digest_of
from runs.wire.query import Query, number
from runs.wire.schema import check
from tenants.exceptions import Invalid
from tenants.validation import path_id

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReviewSearch:
    """A checked body of `POST /reviews/search`; filters are ANDed. `closed` is every status but pending. `after`: the last item seen."""

    status: str | None = None
    assistant_id: uuid.UUID | None = None
    thread_id: uuid.UUID | None = None
    tool: str | None = None
    kind: str | None = None
    assignee: str | None = None
    unassigned: bool = False
    limit: int = 10
    offset: int = 0
    after: uuid.UUID | None = None
    descending: bool = True

    @classmethod
    def parse(cls, body: object) -> "ReviewSearch":
        """Raises Invalid."""
        given = check("review_search", body)
        if given.get("assignee") is not None and given.get("unassigned"):
            raise Invalid("Ask for an assignee or for unassigned items, not for both.")
        return cls(
            status=given.get("status"),
            assistant_id=_id(given, "assistant_id", "assistant"),
            thread_id=_id(given, "thread_id", "thread"),
            tool=given.get("tool"),
            kind=given.get("kind"),
            assignee=given.get("assignee"),
            unassigned=bool(given.get("unassigned")),
            limit=int(given.get("limit", 10)),
            offset=int(given.get("offset", 0)),
            after=_id(given, "after", "review"),
            descending=given.get("sort_order", "desc") == "desc",
        )


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """A checked body of `POST /reviews/{review_id}/decide`; `sent` is all that was decided, for the digest of an idempotent repeat."""

    choices: tuple[Choice, ...]
    sent: Json
    shown_digest: str | None = None
    idempotency_key: str | None = None
    after_seconds: float = 0

    @classmethod
    def parse(cls, body: object) -> "DecideRequest":
        """Raises Invalid. A null `value` is an answer, every other null counts as left out."""
        given = check("review_decide", body)
        if isinstance(body, dict) and "value" in body:
            given["value"] = body["value"]
        parts = given.get("decisions", [given])
        sent = {name: part for name, part in given.items() if name not in ("idempotency_key", "shown_digest", "after_seconds")}
        choices = tuple(map(Choice.of, parts))
        return cls(choices, sent, given.get("shown_digest"), given.get("idempotency_key"), given.get("after_seconds", 0))

    def digest(self, identity: str) -> str:
        """Names this decision of this person."""
        return hashlib.sha256(orjson.dumps([identity, self.sent], option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class AssignRequest:
    """A checked body of `POST /reviews/{review_id}/assign`; None takes the item from whoever has it, `me` is the caller."""

    assignee: str | None

    @classmethod
    def parse(cls, body: object) -> "AssignRequest":
        """Raises Invalid, also if nothing is said."""
        given = check("review_assign", body)
        if not isinstance(body, dict) or "assignee" not in body:
            raise Invalid("Say in `assignee` who is to decide: an identity, 'me', or null for nobody.")
        return cls(given.get("assignee"))


@dataclass(frozen=True, slots=True)
class CommentRequest:
    """A checked body of `POST /reviews/{review_id}/comments`."""

    text: str

    @classmethod
    def parse(cls, body: object) -> "CommentRequest":
        """Raises Invalid."""
        return cls(check("review_comment", body)["text"])


@dataclass(frozen=True, slots=True)
class CommentList:
    """A checked query of a list of comments."""

    limit: int
    offset: int

    @classmethod
    def parse(cls, query: Query) -> "CommentList":
        """BadRequest for what is no number, Invalid for what is too large."""
        return cls(number(query, "limit", 10, most=1000), number(query, "offset", 0))


@dataclass(frozen=True, slots=True)
class FoundReview:
    """An interrupt as a review item: its last answer, and for one that a run has closed who made that run and whether it was stopped."""

    row: Interrupt
    answer: Any = None
    closer: tuple[str, str | None] | None = None

    @property
    def stored(self) -> str:
        """Value and schema as JSON text; rows of releases before have them in the order of jsonb."""
        return self.row.proposal or orjson.dumps({"value": self.row.value, "schema": self.row.schema}).decode()

    @property
    def digest(self) -> str:
        """Names what people are shown."""
        return digest_of(self.row.checkpoint_id, self.stored)

    def proposal(self) -> Proposal:
        """What is to be decided."""
        stored = orjson.loads(self.stored)
        return Proposal(self.row.kind, self.row.node, stored["value"], stored["schema"], tuple(self.row.allowed))


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to an item; `detail` never holds values."""

    at: datetime
    event: str
    by: str | None
    detail: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One item with its context."""

    found: FoundReview
    may_decide: bool
    history: list[HistoryEntry]
    comments: list[ReviewComment]


class Closing(TypedDict):
    """How an item was closed, by whom and when."""

    how: str
    by: str | None
    at: datetime | None
    cause: str | None
    decision: NotRequired[str | None]
    run_id: NotRequired[str | None]


class ReviewRow(TypedDict):
    """A review item in a list."""

    review_id: str
    status: str
    kind: str
    title: str
    summary: str
    action: str | None
    allowed_decisions: list[str]
    thread_id: str
    run_id: str | None
    assistant_id: str | None
    node: str | None
    interrupt_id: str
    requester: str | None
    assignee: str | None
    risk: None
    created_at: datetime
    closed: Closing | None


def review_json(found: FoundReview) -> ReviewRow:
    """The row of an item."""
    row, proposal = found.row, found.proposal()
    return {
        "review_id": str(row.review_id),
        "status": row.status,
        "kind": row.kind,
        "title": proposal.title,
        "summary": proposal.summary,
        "action": row.action,
        "allowed_decisions": list(proposal.allowed),
        "thread_id": str(row.thread_id),
        "run_id": None if row.run_id is None else str(row.run_id),
        "assistant_id": None if row.assistant_id is None else str(row.assistant_id),
        "node": row.node,
        "interrupt_id": row.interrupt_id,
        "requester": row.requester,
        "assignee": row.assignee,
        "risk": None,
        "created_at": row.created_at,
        "closed": closing(found),
    }


def item_json(item: ReviewItem) -> Json:
    """The row with its context."""
    proposal = item.found.proposal()
    return {
        **review_json(item.found),
        "checkpoint_id": item.found.row.checkpoint_id,
        "value": proposal.value,
        "schema": proposal.args_schema,
        "response_schema": proposal.schema,
        "actions": [action.json() for action in proposal.actions],
        "shown_digest": item.found.digest,
        "may_decide": item.may_decide,
        "history": [{"at": each.at, "event": each.event, "by": each.by, **each.detail} for each in item.history],
        "comments": [comment_json(comment) for comment in item.comments],
    }


def comment_json(comment: ReviewComment) -> Json:
    """The row of a comment."""
    return {
        "comment_id": str(comment.comment_id),
        "review_id": str(comment.review_id),
        "author": comment.author,
        "text": comment.text,
        "created_at": comment.created_at,
    }


def closing(found: FoundReview) -> Closing | None:
    """How the item was closed; None while it is open."""
    row = found.row
    if row.status == "pending":
        return None
    by, how = row.closed_actor, _how(found)
    if by is None:
        by = row.closed_by if row.status == "resolved" else found.closer[0] if found.closer else None
    told: Closing = {"how": how, "by": by, "at": row.closed_at, "cause": row.closed_by}
    if row.status == "resolved":
        told |= {"decision": decision_word(row.kind, found.answer), "run_id": None if row.resume_run_id is None else str(row.resume_run_id)}
    return told


def _how(found: FoundReview) -> str:
    row = found.row
    if row.status != "superseded":
        return {"resolved": "answered", "discarded": "thread_deleted"}.get(row.status, row.status)
    kind = (row.closed_by or "").partition(":")[0]
    if kind != "run":
        return {"update": "state_updated", "copy": "copied"}.get(kind, "superseded")
    if found.closer is None:
        return "run_removed"
    return "run_cancelled" if found.closer[1] is not None else "new_run"


def decision_word(kind: str, answer: Any) -> str | None:
    """The decision that an answer was; `mixed` for a batch that was not decided alike."""
    if kind == "breakpoint":
        return "continue"
    if kind == "batch":
        decisions = answer.get("decisions") if isinstance(answer, dict) else None
        words = {_type(decision) for decision in decisions or ()} if isinstance(decisions, list) else set()
        return next(iter(words)) if len(words) == 1 else "mixed" if words else None
    if kind == "tool_approval":
        return _type(answer)
    if kind == "inbox_request":
        return INBOX_WORDS.get(_type(answer[0] if isinstance(answer, list) and answer else answer) or "")
    return "respond"


def _type(decision: Any) -> str | None:
    word = decision.get("type") if isinstance(decision, dict) else None
    return word if isinstance(word, str) else None


def _id(given: Json, name: str, noun: str) -> uuid.UUID | None:
    return path_id(given[name], noun) if name in given else None
