"""Every kind × every decision: what the graph is answered is what the official SDK or an agent inbox sends."""

from typing import Any

import httpx
import pytest

from runs.models import Run
from runs.wire.decisions import Choice, resume_value
from runs.wire.proposals import Proposal
from tenants.exceptions import Invalid
from tenants.models import Tenant
from tests.review.conftest import Json, ask, decide, items, only_item

ARGS = {"amount": 49.0, "order_id": "1234", "urgent": False, "note": None}
SCHEMA = {"oneOf": [{"properties": {"type": {"const": word}}} for word in ("approve", "edit", "respond", "reject")]}
NO_EDIT = {"oneOf": [{"properties": {"type": {"const": "approve"}}}, {"properties": {"type": {"const": "reject"}}}]}
REQUEST = {"action": "send_mail", "args": ARGS}
ALL = {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True}
INBOX = {"action_request": REQUEST, "config": ALL, "description": "Send?"}
WORDS = ("accept", "edit", "response", "ignore")
CONFIGS = [{"action_name": "book", "allowed_decisions": ["approve", "edit", "reject", "respond"]}]
CALLS = [{"name": "book", "args": {"city": "Rome"}}]

TOOL = Proposal("tool_approval", "tools", {"type": "tool_approval", "action": "refund", "args": ARGS}, SCHEMA)
PER_CALL = Proposal("tool_approval", "tools", {"type": "tool_approval", "name": "refund", "args": ARGS}, NO_EDIT)
BATCH = Proposal("batch", "hitl", {"action_requests": CALLS, "review_configs": CONFIGS}, None)
LISTED = Proposal("inbox_request", "ask", [INBOX], None, WORDS)
BARE = Proposal("inbox_request", "ask", INBOX, None, WORDS)
FORM = Proposal("form", "ask", {"question": "How much?"}, {"type": "object"}, ("respond",))
QUESTION = Proposal("question", "ask", "Well?", None, ("respond",))
BREAKPOINT = Proposal("breakpoint", "tools", None, None, ("continue",))

EDITED = {"city": "Bonn", "days": 3}
ANSWERS: list[Any] = [False, 0, "", [], {}, None, 1.5, {"a": [None]}]
TABLE: list[tuple[Proposal, Json, Any]] = [
    (TOOL, {"decision": "approve"}, {"type": "approve"}),
    (TOOL, {"decision": "edit", "args": EDITED}, {"type": "edit", "edited_action": {"name": "refund", "args": EDITED}}),
    (
        TOOL,
        {"decision": "edit", "action": "pay", "args": EDITED},
        {"type": "edit", "edited_action": {"name": "pay", "args": EDITED}},
    ),
    (TOOL, {"decision": "respond", "message": "done by hand"}, {"type": "respond", "message": "done by hand"}),
    (TOOL, {"decision": "reject", "message": "no"}, {"type": "reject", "message": "no"}),
    (TOOL, {"decision": "reject"}, {"type": "reject"}),
    (TOOL, {"decision": "ignore"}, Invalid),
    (TOOL, {"decision": "continue"}, Invalid),
    (TOOL, {"decision": "edit"}, Invalid),
    (TOOL, {"decision": "respond"}, Invalid),
    (PER_CALL, {"decision": "approve"}, {"type": "approve"}),
    (PER_CALL, {"decision": "edit", "args": EDITED}, Invalid),
    (BATCH, {"decision": "approve"}, {"decisions": [{"type": "approve"}]}),
    (
        BATCH,
        {"decision": "edit", "args": EDITED},
        {"decisions": [{"type": "edit", "edited_action": {"name": "book", "args": EDITED}}]},
    ),
    (BATCH, {"decision": "respond", "message": "x"}, {"decisions": [{"type": "respond", "message": "x"}]}),
    (BATCH, {"decision": "reject", "message": "x"}, {"decisions": [{"type": "reject", "message": "x"}]}),
    (BATCH, {"decision": "ignore"}, Invalid),
    (LISTED, {"decision": "approve"}, [{"type": "accept", "args": REQUEST}]),
    (LISTED, {"decision": "edit", "args": EDITED}, [{"type": "edit", "args": {"action": "send_mail", "args": EDITED}}]),
    (LISTED, {"decision": "respond", "message": "not today"}, [{"type": "response", "args": "not today"}]),
    (LISTED, {"decision": "ignore"}, [{"type": "ignore", "args": None}]),
    (LISTED, {"decision": "reject", "message": "no"}, Invalid),
    (BARE, {"decision": "approve"}, [{"type": "accept", "args": REQUEST}]),
    (BARE, {"decision": "continue"}, Invalid),
    (FORM, {"decision": "respond", "value": {"amount": 3}}, {"amount": 3}),
    (FORM, {"decision": "respond", "message": "3"}, Invalid),
    (FORM, {"decision": "approve"}, Invalid),
    (QUESTION, {"decision": "respond", "message": "yes"}, "yes"),
    *[(QUESTION, {"decision": "respond", "value": value}, value) for value in ANSWERS],
    (QUESTION, {"decision": "respond"}, Invalid),
    (QUESTION, {"decision": "edit", "args": {}}, Invalid),
    (BREAKPOINT, {"decision": "continue"}, None),
    (BREAKPOINT, {"decision": "approve"}, Invalid),
]


@pytest.mark.parametrize(("proposal", "given", "expected"), TABLE, ids=lambda part: part.kind if isinstance(part, Proposal) else None)
def test_a_decision_becomes_the_value_of_its_kind(proposal: Proposal, given: Json, expected: Any) -> None:
    if expected is Invalid:
        with pytest.raises(Invalid):
            resume_value(proposal, (Choice.of(given),))
    else:
        assert repr(resume_value(proposal, (Choice.of(given),))) == repr(expected)


def test_a_batch_needs_one_decision_for_each_request_in_order() -> None:
    two = Proposal("batch", "hitl", {"action_requests": [*CALLS, {"name": "pay", "args": {}}], "review_configs": CONFIGS}, None)
    approve, reject = Choice("approve"), Choice("reject", message="no")
    assert resume_value(two, (approve, reject)) == {"decisions": [{"type": "approve"}, {"type": "reject", "message": "no"}]}
    for wrong in ((approve,), (approve, approve, approve), ()):
        with pytest.raises(Invalid, match="2 requests"):
            resume_value(two, wrong)


TWO_CALLS = {"messages": [{"role": "user", "content": "book:Rome cancel:Oslo"}]}
ONE_CALL = {"messages": [{"role": "user", "content": "book:Rome"}]}
MAIL = {"action": "send_mail", "args": {"to": "ann"}}
# graph, input, decision, what the SDK would send as `resume` (None: a run without input and command)
LIVE: list[tuple[str, Json, Json, Any]] = [
    ("clerk_each", ONE_CALL, {"decision": "approve"}, {"type": "approve"}),
    (
        "clerk_each",
        ONE_CALL,
        {"decision": "edit", "args": {"city": "Bonn"}},
        {"type": "edit", "edited_action": {"name": "book", "args": {"city": "Bonn"}}},
    ),
    ("clerk_each", ONE_CALL, {"decision": "respond", "message": "by hand"}, {"type": "respond", "message": "by hand"}),
    ("clerk_each", ONE_CALL, {"decision": "reject", "message": "no"}, {"type": "reject", "message": "no"}),
    (
        "clerk",
        TWO_CALLS,
        {"decisions": [{"decision": "edit", "args": {"city": "Bonn"}}, {"decision": "reject", "message": "no"}]},
        {
            "decisions": [
                {"type": "edit", "edited_action": {"name": "book", "args": {"city": "Bonn"}}},
                {"type": "reject", "message": "no"},
            ]
        },
    ),
    ("review", {"mode": "inbox"}, {"decision": "approve"}, [{"type": "accept", "args": MAIL}]),
    (
        "review",
        {"mode": "inbox"},
        {"decision": "edit", "args": {"to": "bob", "copies": 2, "html": False}},
        [{"type": "edit", "args": {"action": "send_mail", "args": {"to": "bob", "copies": 2, "html": False}}}],
    ),
    ("review", {"mode": "inbox"}, {"decision": "respond", "message": "not today"}, [{"type": "response", "args": "not today"}]),
    ("review", {"mode": "form"}, {"decision": "respond", "value": {"amount": 3}}, {"amount": 3}),
    ("review", {}, {"decision": "respond", "value": False}, False),
    ("review", {}, {"decision": "respond", "message": "yes"}, "yes"),
]


@pytest.mark.parametrize(("graph", "input", "decision", "resume"), LIVE, ids=lambda part: part if isinstance(part, str) else None)
def test_the_graph_gets_what_the_sdk_would_send(
    tenant: Tenant, starts: httpx.Client, decides: httpx.Client, graph: str, input: Json, decision: Json, resume: Any
) -> None:
    by_rest, by_sdk = ask(starts, graph, input), ask(starts, graph, input)
    item = only_item(decides, by_rest)
    decided = decide(decides, item["review_id"], shown_digest=item["shown_digest"], **decision)
    assert decided.status_code == 200, decided.text
    interrupt = only_item(decides, by_sdk)["interrupt_id"]
    answered = starts.post(f"/threads/{by_sdk}/runs/wait", json={"assistant_id": graph, "command": {"resume": {interrupt: resume}}})
    assert answered.status_code == 200
    starts.get(decided.headers["Content-Location"] + "/join")
    sent = Run.objects.for_tenant(tenant.tenant_id).get(run_id=decided.json()["run_id"]).kwargs["command"]
    assert sent == {"resume": {item["interrupt_id"]: resume}}
    assert shown(starts, by_rest) == shown(starts, by_sdk)
    assert items(decides, by_rest) == []


def shown(client: httpx.Client, thread: str) -> Any:
    """What the graph made of it, without ids."""
    state = client.get(f"/threads/{thread}/state").json()
    values = {key: value for key, value in state["values"].items() if key != "messages"}
    return values, [(message["type"], message["content"]) for message in state["values"].get("messages", ())], state["next"]


def test_a_breakpoint_is_continued(tenant: Tenant, starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "approval", {"mode": "none"}, interrupt_before=["ask"])
    item = only_item(decides, thread)
    assert (item["kind"], item["title"], item["allowed_decisions"]) == ("breakpoint", "Stopped at ask", ["continue"])
    decided = decide(decides, item["review_id"], decision="continue")
    assert decided.status_code == 200, decided.text
    starts.get(decided.headers["Content-Location"] + "/join")
    run = Run.objects.for_tenant(tenant.tenant_id).get(run_id=decided.json()["run_id"])
    assert (run.kwargs["command"], run.kwargs["input"]) == (None, None)
    assert starts.get(f"/threads/{thread}/state").json()["values"]["done"] is True


def test_a_late_decision_passes_no_later_breakpoint(starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "approval", {"mode": "none"}, interrupt_before=["ask"])
    first = only_item(decides, thread)["review_id"]
    starts.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "approval", "interrupt_before": ["act"]})
    second = only_item(decides, thread)
    assert (second["title"], second["review_id"] != first) == ("Stopped at act", True)
    assert decide(decides, first, decision="continue").status_code == 409
    assert only_item(decides, thread)["review_id"] == second["review_id"]


def test_an_answer_that_does_not_fit_changes_nothing(starts: httpx.Client, decides: httpx.Client) -> None:
    thread = ask(starts, "review", {"mode": "form"})
    review = only_item(decides, thread)["review_id"]
    for wrong in ({"amount": -1}, {"amount": "3"}, {}, 3, None):
        answer = decide(decides, review, decision="respond", value=wrong)
        assert (answer.status_code, "does not fit its schema" in answer.json()["detail"]) == (422, True)
    assert len(starts.get(f"/threads/{thread}/runs").json()) == 1
    assert decide(decides, review, decision="respond", value={"amount": 3}).status_code == 200
