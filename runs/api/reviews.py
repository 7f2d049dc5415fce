"""HTTP of review items."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.api.openapi import ID, NULLABLE, OBJECT, SWITCH, TEXT, TEXTS, TIME, many, one_of, row, thing
from runs.services.decide import decide_review
from runs.services.review import assign_review, comment_review, get_review, list_comments, search_reviews
from runs.wire.decisions import DECISIONS
from runs.wire.reviews import (
    AssignRequest,
    CommentList,
    CommentRequest,
    DecideRequest,
    ReviewSearch,
    comment_json,
    item_json,
    review_json,
)
from runs.wire.schema import REVIEW_KINDS, REVIEW_STATUSES
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.models import Json
from tenants.validation import path_id

NULLABLE_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
NULLABLE_OBJECT: Json = {"type": ["object", "null"]}
WORDS = many(TEXT) | {"description": "Of: " + ", ".join(DECISIONS)}
CLOSINGS = ("answered", "new_run", "run_cancelled", "run_removed", "state_updated", "thread_deleted", "copied", "superseded", "discarded")
CLOSED: Json = {
    "anyOf": [
        row(
            "decision",
            "run_id",
            how=one_of(*CLOSINGS),
            by=NULLABLE,
            at=NULLABLE_TIME,
            cause=NULLABLE,
            decision=NULLABLE,
            run_id=NULLABLE,
        ),
        {"type": "null"},
    ]
}
REVIEW = row(
    review_id=ID,
    status=one_of("pending", "resolved", "superseded", "discarded"),
    kind=one_of(*REVIEW_KINDS),
    title=TEXT,
    summary=TEXT,
    action=NULLABLE,
    allowed_decisions=WORDS,
    thread_id=ID,
    run_id=NULLABLE,
    assistant_id=NULLABLE,
    node=NULLABLE,
    interrupt_id=TEXT,
    requester=NULLABLE,
    assignee=NULLABLE,
    risk={"type": "null"},
    created_at=TIME,
    closed=CLOSED,
)
COMMENT = row(comment_id=ID, review_id=ID, author=TEXT, text=TEXT, created_at=TIME)
CALL = row(name=NULLABLE, args={}, description=NULLABLE, schema=NULLABLE_OBJECT, allowed=TEXTS)
ITEM = row(
    **REVIEW["properties"],
    checkpoint_id=NULLABLE,
    value={},
    schema=NULLABLE_OBJECT | {"description": "Of the one call's arguments, or of a form's answer."},
    response_schema=NULLABLE_OBJECT | {"description": "Of the whole answer, as the graph gave it."},
    actions=many(CALL),
    shown_digest=TEXT,
    may_decide=SWITCH,
    history=many({"type": "object", "properties": {"at": TIME, "event": TEXT, "by": NULLABLE}, "required": ["at", "event", "by"]}),
    comments=many(COMMENT),
)
SEARCH = thing(
    **openapi.PAGE,
    status=one_of(*REVIEW_STATUSES) | {"description": "`closed`: every other than pending."},
    assistant_id=ID,
    thread_id=ID,
    tool=TEXT | {"description": "The action's name."},
    kind=one_of(*REVIEW_KINDS),
    assignee=TEXT,
    unassigned=SWITCH,
    after=ID | {"description": "Go on behind this item: cheaper than a large offset."},
    sort_order=one_of("asc", "desc") | {"default": "desc", "description": "`desc`: newest first."},
)
DECISION: Json = {
    "decision": one_of(*DECISIONS),
    "args": OBJECT | {"description": "With `edit`: all arguments."},
    "action": TEXT | {"description": "With `edit`: another action's name."},
    "message": TEXT | {"description": "With `respond` and `reject`."},
    "value": {"description": "With `respond` to a form or question: any JSON."},
}
DECIDE: Json = {
    "type": "object",
    "properties": {
        **DECISION,
        "decisions": {"type": "array", "items": thing("decision", **DECISION), "maxItems": 500, "description": "Of a batch, in its order."},
        "shown_digest": TEXT | {"description": "What you were shown; if that has changed the answer is 409."},
        "idempotency_key": {"type": "string", "minLength": 1, "maxLength": 200, "description": "A repeat with it gets the first answer."},
        "after_seconds": {"type": "number", "minimum": 0, "maximum": 60, "description": "The run starts so much later."},
    },
    "oneOf": [{"required": ["decision"]}, {"required": ["decisions"]}],
}
DECIDED = row(review_id=ID, status=one_of("resolved"), decision=NULLABLE, thread_id=ID, run_id=ID, decided_by=TEXT, decided_at=TIME)
ASSIGN = thing("assignee", assignee={"type": ["string", "null"], "minLength": 1, "maxLength": 200, "description": "An identity, or `me`."})
SAY = thing("text", text={"type": "string", "minLength": 1, "maxLength": 10_000})


class ReviewSearchView(AgentView):
    """POST /reviews/search."""

    @extend_schema(operation_id="search_reviews", request=openapi.body(SEARCH), responses={200: many(REVIEW)})
    def post(self, request: Request) -> Response:
        """Find review items: what waits for a person, and what was decided."""
        search = ReviewSearch.parse(request.data)
        rows = [review_json(found) for found in search_reviews(actor=self.actor, request=search)]
        return paginated(rows, limit=search.limit, offset=search.offset, has_more=False)


class ReviewDetail(AgentView):
    """GET /reviews/{review_id}."""

    @extend_schema(operation_id="get_review", responses={200: ITEM})
    def get(self, request: Request, review_id: str) -> Response:
        """One item with all that a decision needs: value, schema, history, comments, and the digest of what is shown."""
        return Response(item_json(get_review(actor=self.actor, review_id=path_id(review_id, "review"))))


class ReviewDecide(AgentView):
    """POST /reviews/{review_id}/decide."""

    @extend_schema(
        operation_id="decide_review",
        request=openapi.body(DECIDE),
        responses={200: DECIDED},
        examples=[
            OpenApiExample("approve", {"decision": "approve"}, request_only=True),
            OpenApiExample("edit", {"decision": "edit", "args": {"order_id": "1234", "amount": 20}}, request_only=True),
            OpenApiExample("answer", {"decision": "respond", "value": {"amount": 3}, "idempotency_key": "f81d4fae"}, request_only=True),
            OpenApiExample("batch", {"decisions": [{"decision": "approve"}, {"decision": "reject", "message": "no"}]}, request_only=True),
        ],
    )
    def post(self, request: Request, review_id: str) -> Response:
        """Decide, once: the graph goes on with the answer in the form that its question takes. Who comes second gets 409: who, when."""
        wanted = DecideRequest.parse(request.data)
        decided = decide_review(actor=self.actor, review_id=path_id(review_id, "review"), request=wanted)
        return Response(decided.json(), headers={"Content-Location": f"/threads/{decided.thread_id}/runs/{decided.run_id}"})


class ReviewAssign(AgentView):
    """POST /reviews/{review_id}/assign."""

    @extend_schema(operation_id="assign_review", request=openapi.body(ASSIGN), responses={200: REVIEW})
    def post(self, request: Request, review_id: str) -> Response:
        """Say who is at an item; null for nobody. It keeps nobody from deciding."""
        wanted = AssignRequest.parse(request.data)
        return Response(review_json(assign_review(actor=self.actor, review_id=path_id(review_id, "review"), request=wanted)))


class ReviewComments(AgentView):
    """GET and POST /reviews/{review_id}/comments."""

    @extend_schema(operation_id="list_review_comments", parameters=[openapi.LIMIT, openapi.OFFSET], responses={200: many(COMMENT)})
    def get(self, request: Request, review_id: str) -> Response:
        """What people said about an item, oldest first."""
        page = CommentList.parse(dict(request.query_params.lists()))
        rows = [comment_json(each) for each in list_comments(actor=self.actor, review_id=path_id(review_id, "review"), request=page)]
        return paginated(rows, limit=page.limit, offset=page.offset, has_more=False)

    @extend_schema(operation_id="comment_review", request=openapi.body(SAY), responses={200: COMMENT})
    def post(self, request: Request, review_id: str) -> Response:
        """Say something about an item to colleagues; the graph never sees it."""
        wanted = CommentRequest.parse(request.data)
        return Response(comment_json(comment_review(actor=self.actor, review_id=path_id(review_id, "review"), request=wanted)))
