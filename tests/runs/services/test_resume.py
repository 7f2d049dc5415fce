"""Answering interrupts: who may, what fits, what is still open."""

from typing import Any
from uuid import uuid4

import pytest

from runs.models import Decision, Interrupt, Run, Thread
from runs.services.cancel import cancel_run
from runs.services.runs import create_run
from runs.wire.runs import RunRequest
from tenants.actors import Actor, ActorKind, Role
from tenants.exceptions import Conflict, DomainError, Invalid, NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_run
from tests.runs.services.pauses import invoke, open_ids, paused

APPROVE: dict[str, Any] = {"kind": "tool_approval", "allowed": ["approve", "reject"]}


def answer(actor: Actor, thread: Thread, resume: Any, **body: Any) -> Run:
    """Resume through the service."""
    command = {"resume": resume} | body.pop("command", {})
    request = RunRequest.parse({"assistant_id": "approval", "command": command} | body)
    return create_run(actor=actor, thread_id=thread.thread_id, request=request, streamed=False)


def send(actor: Actor, thread: Thread, **body: Any) -> Run:
    """A new run through the service."""
    return create_run(
        actor=actor, thread_id=thread.thread_id, request=RunRequest.parse({"assistant_id": "approval"} | body), streamed=False
    )


def row(thread: Thread, interrupt_id: str) -> Interrupt:
    """An interrupt's row as it is now."""
    return Interrupt.objects.for_tenant(thread.tenant_id).get(thread_id=thread.thread_id, interrupt_id=interrupt_id)


def test_a_bare_value_is_stored_by_the_id_of_what_it_answers(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = answer(owner.actor, thread, {"ok": True})
    assert run.kwargs["command"] == {"resume": {name: {"ok": True}}}
    assert Run.objects.for_tenant(tenant.tenant_id).get(run_id=run.run_id).resume_ids == [name]
    interrupt = row(thread, name)
    assert (interrupt.status, interrupt.resume_run_id, interrupt.closed_by) == ("resolved", run.run_id, owner.actor.identity)


def test_an_answer_is_a_decision_and_one_audit_row_without_its_text(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = answer(owner.actor, thread, "secret words")
    decision = Decision.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert (decision.interrupt_id, decision.run_id, decision.actor, decision.value) == (
        name,
        run.run_id,
        owner.actor.identity,
        "secret words",
    )
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="run.resume", target_id=str(run.run_id))
    assert event.after is not None and event.after["interrupts"] == name and "secret" not in str(event.after)


def test_the_second_answer_is_refused(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    answer(owner.actor, thread, {name: "first"})
    for again in ({name: "second"}, "second"):
        with pytest.raises(Conflict, match="answered already"):
            answer(owner.actor, thread, again)
    assert Decision.objects.for_tenant(tenant.tenant_id).count() == 1


def test_several_open_interrupts_need_ids(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "parallel")
    left, right = open_ids(thread)
    with pytest.raises(Invalid, match=f"Pending: .*{left}") as refused:
        answer(owner.actor, thread, "which one?")
    assert right in str(refused.value)
    run = answer(owner.actor, thread, {left: "L", right: "R"})
    assert run.resume_ids == [left, right]


def test_unknown_id_lists_the_pending_ones(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    with pytest.raises(Invalid, match=f"Unknown interrupt .*Pending: {name}"):
        answer(owner.actor, thread, {uuid4().hex: "x"})
    assert open_ids(thread) == [name]


def test_a_sibling_may_be_answered_while_the_other_ones_answer_runs(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "parallel")
    left, right = open_ids(thread)
    answer(owner.actor, thread, {left: "L"})
    assert answer(owner.actor, thread, {right: "R"}).resume_ids == [right]


def test_no_answer_behind_another_run(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    make_run(tenant, thread, status="pending")
    with pytest.raises(Conflict, match="runs in progress"):
        answer(owner.actor, thread, "x")


def test_nothing_open_is_a_conflict(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    with pytest.raises(Conflict, match="Nothing on this thread waits"):
        answer(owner.actor, thread, "x")


def test_an_answer_to_an_older_head_is_refused(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    with pytest.raises(Conflict, match="moved on"):
        answer(owner.actor, thread, "x", checkpoint_id=str(uuid4()))
    head = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id).head_checkpoint_id
    run = answer(owner.actor, thread, "x", checkpoint_id=head)
    assert "checkpoint_id" not in run.kwargs["config"]["configurable"]


@pytest.mark.parametrize(
    ("fields", "value", "text"),
    [
        ({"schema": {"type": "object", "required": ["ok"]}, "kind": "form"}, {"no": 1}, "does not fit its schema"),
        (APPROVE, {"type": "edit"}, "must be one of"),
        (APPROVE, "approve", "must be one of"),
        ({"kind": "inbox_request", "allowed": ["accept"]}, [{"type": "ignore"}], "must be one of"),
        (
            {"kind": "batch", "allowed": ["approve"], "value": {"action_requests": [1, 2]}},
            {"decisions": [{"type": "approve"}]},
            "one decision per request",
        ),
        (
            {"kind": "batch", "allowed": ["approve"], "value": {"action_requests": [1]}},
            {"decisions": [{"type": "reject"}]},
            "must be one of",
        ),
    ],
)
def test_an_answer_that_does_not_fit_leaves_the_interrupt_open(
    tenant: Tenant, owner: Person, fields: dict[str, Any], value: Any, text: str
) -> None:
    thread = paused(tenant, owner.actor, **fields)
    with pytest.raises(Invalid, match=text):
        answer(owner.actor, thread, value)
    assert len(open_ids(thread)) == 1


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"schema": {"type": "object", "required": ["ok"]}, "kind": "form"}, {"ok": 1}),
        ({"schema": {"$ref": "http://example.invalid/schema.json"}, "kind": "form"}, {"ok": 1}),
        (APPROVE, {"type": "approve"}),
        ({"kind": "inbox_request", "allowed": ["accept"]}, [{"type": "accept", "args": None}]),
        ({"kind": "batch", "allowed": ["approve"], "value": {"action_requests": [1]}}, {"decisions": [{"type": "approve"}]}),
    ],
)
def test_an_answer_that_fits_wins(tenant: Tenant, owner: Person, fields: dict[str, Any], value: Any) -> None:
    thread = paused(tenant, owner.actor, **fields)
    answer(owner.actor, thread, value)
    assert open_ids(thread) == []


WHO = [
    ("viewer", True, "question", False),
    ("operator", True, "question", True),
    ("operator", True, "form", True),
    ("operator", True, "tool_approval", False),
    ("operator", True, "breakpoint", False),
    ("operator", False, "question", False),
    ("reviewer", False, "question", True),
    ("reviewer", False, "tool_approval", True),
    ("developer", False, "tool_approval", True),
    ("admin", False, "batch", True),
    ("owner", False, "inbox_request", True),
]
FITS: dict[str, Any] = {
    "tool_approval": {"type": "approve"},
    "batch": {"decisions": []},
    "inbox_request": [{"type": "approve"}],
}


@pytest.mark.parametrize(("role", "own", "kind", "allowed"), WHO)
def test_who_answers_what(tenant: Tenant, role: str, own: bool, kind: str, allowed: bool) -> None:
    actor = actor_of(tenant, Role(role))
    thread = paused(tenant, actor if own else actor_of(tenant, Role.DEVELOPER), kind=kind, allowed=["approve"])
    (name,) = open_ids(thread)
    try:
        answer(actor, thread, FITS.get(kind, "fine"))
    except NotAllowed:
        assert not allowed and open_ids(thread) == [name]
    else:
        assert allowed and open_ids(thread) == []


def test_a_tenant_chooses_what_owners_answer(tenant: Tenant) -> None:
    tenant.settings = {"owner_answers": ["tool_approval"]}
    tenant.save()
    operator = actor_of(tenant, Role.OPERATOR)
    answer(operator, paused(tenant, operator, **APPROVE), {"type": "approve"})
    with pytest.raises(NotAllowed):
        answer(operator, paused(tenant, operator), "fine")


def test_a_member_does_not_approve_an_own_request(tenant: Tenant) -> None:
    member = Actor(tenant.tenant_id, f"member:{uuid4()}", Role.DEVELOPER, ActorKind.MEMBER)
    with pytest.raises(NotAllowed, match="second person"):
        answer(member, paused(tenant, member, **APPROVE), {"type": "approve"})
    answer(member, paused(tenant, member), "questions are the owner's")
    key = actor_of(tenant, Role.DEVELOPER)
    answer(key, paused(tenant, key, **APPROVE), {"type": "approve"})
    tenant.settings = {"keys_need_second_person": True}
    tenant.save()
    with pytest.raises(NotAllowed, match="second person"):
        answer(key, paused(tenant, key, **APPROVE), {"type": "approve"})
    tenant.settings = {"members_need_second_person": False}
    tenant.save()
    answer(member, paused(tenant, member, **APPROVE), {"type": "approve"})


WAYS: list[dict[str, Any]] = [
    {"input": {"mode": "none"}},
    {"command": {"goto": "act"}},
    {"command": {"update": {"request": "other"}}},
    {"checkpoint_id": str(uuid4())},
    {},
]


@pytest.mark.parametrize("way", WAYS, ids=["input", "goto", "update", "checkpoint", "continue"])
def test_ways_around_a_gate_need_state_update(tenant: Tenant, way: dict[str, Any]) -> None:
    operator, reviewer = actor_of(tenant, Role.OPERATOR), actor_of(tenant, Role.REVIEWER)
    thread = paused(tenant, operator)
    for actor in (operator, reviewer):
        with pytest.raises(NotAllowed):
            send(actor, thread, **way)
    assert len(open_ids(thread)) == 1
    run = send(actor_of(tenant, Role.DEVELOPER), thread, **way)
    assert run.resume_ids is None and run.base_checkpoint_id is not None
    assert len(open_ids(thread)) == 1  # its claim closes them


def test_an_answer_that_also_steers_needs_state_update(tenant: Tenant, owner: Person) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator)
    with pytest.raises(NotAllowed, match=r"state\.update"):
        answer(operator, thread, "x", command={"update": {"request": "other"}})
    (name,) = open_ids(thread)
    run = answer(owner.actor, thread, "x", command={"update": {"request": "other"}})
    assert run.kwargs["command"] == {"resume": {name: "x"}, "update": {"request": "other"}}


def at_breakpoint(tenant: Tenant, owner: Actor) -> Thread:
    """A thread that a run left before a node."""
    thread = paused(tenant, owner, "none")
    invoke(thread, {"mode": "none"}, interrupt_before=["act"])
    head = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id).head_checkpoint_id
    Interrupt.objects.create(
        tenant_id=tenant.tenant_id,
        thread_id=thread.thread_id,
        interrupt_id=f"breakpoint:{head}",
        checkpoint_id=head,
        node="act",
        kind="breakpoint",
        allowed=["continue"],
    )
    return thread


@pytest.mark.parametrize("body", [{"input": None}, {"command": {"resume": "go"}}], ids=["null", "resume"])
def test_a_breakpoint_is_continued_by_a_run_that_names_it(tenant: Tenant, owner: Person, body: dict[str, Any]) -> None:
    thread = at_breakpoint(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = send(owner.actor, thread, **body)
    assert (run.resume_ids, run.kwargs["command"], run.kwargs["input"]) == ([name], None, None)
    assert name == f"breakpoint:{run.base_checkpoint_id}"  # delayed, it must not pass the next one
    assert row(thread, name).status == "resolved"


def test_a_reviewer_continues_a_breakpoint_and_an_operator_does_not(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = at_breakpoint(tenant, operator)
    with pytest.raises(NotAllowed):
        send(operator, thread, input=None)
    send(actor_of(tenant, Role.REVIEWER), thread, input=None)


@pytest.mark.parametrize("later", [True, False], ids=["later", "behind another run"])
def test_going_on_from_wherever_the_thread_will_be_needs_state_update(tenant: Tenant, later: bool) -> None:
    """It may be a breakpoint by then, which a run without input passes."""
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator, "none")
    body: dict[str, Any] = {"after_seconds": 60} if later else {}
    if not later:
        make_run(tenant, thread, status="running")
    with pytest.raises(NotAllowed, match=r"state\.update"):
        send(operator, thread, input=None, **body)
    send(operator, thread, input={"mode": "none"}, **body)
    send(actor_of(tenant, Role.DEVELOPER), thread, input=None, **body)


def test_a_cancelled_answer_opens_its_interrupt_again(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = answer(owner.actor, thread, "x")
    cancel_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    interrupt = row(thread, name)
    assert (interrupt.status, interrupt.resume_run_id, interrupt.closed_by) == ("pending", None, None)
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="interrupt.reopen", target_id=name).exists()
    answer(owner.actor, thread, "y")


def test_a_cancelled_continuation_opens_its_breakpoint_again(tenant: Tenant, owner: Person) -> None:
    thread = at_breakpoint(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = send(owner.actor, thread, input=None)
    cancel_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    assert open_ids(thread) == [name]


def test_an_interrupt_stays_answered_while_a_pending_sibling_names_it(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "parallel")
    left, right = open_ids(thread)
    first = answer(owner.actor, thread, {left: "L"})
    answer(owner.actor, thread, {right: "R"})
    cancel_run(actor=owner.actor, thread_id=thread.thread_id, run_id=first.run_id)
    assert open_ids(thread) == [left]
    assert Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id).status == "busy"


def test_another_graph_does_not_continue_the_thread(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    with pytest.raises(Conflict, match="graph_incompatible"):
        answer(owner.actor, thread, "x", assistant_id="slow")


def test_a_changed_graph_continues_where_the_node_is_still_there(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    Run.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(graph_fingerprint="other")
    rows = Interrupt.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id)
    rows.update(node="renamed")
    with pytest.raises(Conflict, match="paused in node 'renamed'"):
        answer(owner.actor, thread, "x")
    rows.update(node="ask")
    answer(owner.actor, thread, "x")


def test_refusals_leave_no_run(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "parallel")
    before = Run.objects.for_tenant(tenant.tenant_id).count()
    for resume in ("x", {uuid4().hex: 1}):
        with pytest.raises(DomainError):
            answer(owner.actor, thread, resume)
    assert Run.objects.for_tenant(tenant.tenant_id).count() == before
