"""A second message while the first is worked on."""

from typing import Any

import pytest

from runs.models import Interrupt, Run, Thread
from runs.services.runs import create_run
from runs.wire.runs import RunRequest
from tenants.actors import Actor, Role
from tenants.exceptions import Conflict, NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_run, make_thread
from tests.runs.services.pauses import invoke, open_ids, paused
from tests.statements import statements

STRATEGIES = ["interrupt", "rollback"]


def message(actor: Actor, thread: Thread, strategy: str, **body: Any) -> Run:
    """One more run."""
    request = RunRequest.parse({"assistant_id": "approval", "input": {"mode": "none"}, "multitask_strategy": strategy} | body)
    return create_run(actor=actor, thread_id=thread.thread_id, request=request, streamed=False)


def rows(thread: Thread) -> list[tuple[str, str | None]]:
    """Status and cancel reason of the thread's runs, oldest first."""
    runs = Run.objects.for_tenant(thread.tenant_id).filter(thread_id=thread.thread_id).order_by("seq")
    return list(runs.values_list("status", "cancel_reason"))


def stored(thread: Thread) -> Thread:
    """The thread's row as it is now."""
    return Thread.objects.for_tenant(thread.tenant_id).get(thread_id=thread.thread_id)


def answering(tenant: Tenant, thread: Thread, status: str = "pending") -> Run:
    """A run that answers the thread's one interrupt and has not used the answer."""
    (name,) = open_ids(thread)
    run = make_run(tenant, thread, status, resume_ids=[name])
    Interrupt.objects.for_tenant(tenant.tenant_id).filter(interrupt_id=name).update(status="resolved", resume_run_id=run.run_id)
    return run


@pytest.fixture
def busy(tenant: Tenant, owner: Person) -> Thread:
    """A thread with a finished, a running and two waiting runs."""
    thread = make_thread(tenant, owner.actor, status="busy")
    for status in ("success", "running", "pending", "pending"):
        make_run(tenant, thread, status, lease_owner="w1" if status == "running" else None)
    return thread


def test_interrupt_ends_every_active_run_and_keeps_its_row(owner: Person, busy: Thread) -> None:
    message(owner.actor, busy, "interrupt")
    assert rows(busy) == [("success", None), *[("interrupted", "multitask_interrupt")] * 3, ("pending", None)]
    assert (stored(busy).status, stored(busy).error) == ("busy", None)
    ended = AuditEvent.objects.for_tenant(busy.tenant_id).filter(action="run.cancel")
    assert sorted((row.before or {})["status"] for row in ended) == ["pending", "pending", "running"]


def test_rollback_removes_every_active_run(owner: Person, busy: Thread) -> None:
    message(owner.actor, busy, "rollback")
    assert rows(busy) == [("success", None), ("pending", None)]
    assert AuditEvent.objects.for_tenant(busy.tenant_id).filter(action="run.cancel").count() == 3


def test_rollback_goes_back_to_the_state_before_the_old_run(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    before = stored(thread)
    run = make_run(tenant, thread, "running")
    invoke(thread, {"mode": "none"}, run_id=run.run_id)
    message(owner.actor, thread, "rollback")
    assert (stored(thread).values, stored(thread).head_checkpoint_id) == (before.values, before.head_checkpoint_id)


def test_interrupt_goes_on_from_the_last_finished_step(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    run = make_run(tenant, thread, "running")
    invoke(thread, {"mode": "none"}, run_id=run.run_id, interrupt_before=["act"])
    head = stored(thread).head_checkpoint_id
    message(owner.actor, thread, "interrupt")
    assert stored(thread).head_checkpoint_id == head
    assert stored(thread).values["answers"][-1] == "skipped"


@pytest.mark.parametrize("strategy", [*STRATEGIES, "reject", "enqueue"])
def test_on_a_free_thread_all_strategies_are_one_and_cost_the_same(tenant: Tenant, owner: Person, strategy: str) -> None:
    thread = paused(tenant, owner.actor, "none")
    message(owner.actor, thread, "enqueue")
    Run.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(status="success")
    with statements() as sent:
        message(owner.actor, thread, strategy)
    assert len(sent) == 3
    assert rows(thread)[-1] == ("pending", None)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ending_runs_costs_the_same_however_long_the_thread_is(tenant: Tenant, owner: Person, strategy: str) -> None:
    counts = []
    for turns in (1, 4):
        thread = paused(tenant, owner.actor, "none")
        for _ in range(turns):
            invoke(thread, {"mode": "none"})
        message(owner.actor, thread, "enqueue")
        with statements() as sent:
            message(owner.actor, thread, strategy)
        counts.append(len(sent))
    assert counts == [{"interrupt": 8, "rollback": 9}[strategy]] * 2


def test_operator_does_not_roll_back_around_a_gate(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    waiting, answered = paused(tenant, operator), paused(tenant, operator)
    make_run(tenant, waiting, "pending")
    answering(tenant, answered, "running")
    for thread in (waiting, answered):
        before = rows(thread)
        with pytest.raises(NotAllowed, match=r"state\.update"):
            message(operator, thread, "rollback")
        assert rows(thread) == before


def test_operator_does_not_drop_an_answer_that_was_not_used(tenant: Tenant) -> None:
    """The interrupt would be open again, and the new input would pass it by."""
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator)
    answering(tenant, thread)
    with pytest.raises(NotAllowed, match=r"state\.update"):
        message(operator, thread, "interrupt")
    assert rows(thread) == [("success", None), ("pending", None)]
    assert open_ids(thread) == []


def test_operator_may_interrupt_what_an_answer_has_set_going(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator, "none")
    make_run(tenant, thread, "running", resume_ids=["0" * 32])
    message(operator, thread, "interrupt")
    assert rows(thread)[1:] == [("interrupted", "multitask_interrupt"), ("pending", None)]


def test_new_input_past_a_reopened_interrupt_is_bound_to_it(tenant: Tenant, owner: Person) -> None:
    """If somebody answers it in between, the worker ends the run as stale."""
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    answering(tenant, thread)
    run = message(owner.actor, thread, "interrupt")
    assert open_ids(thread) == [name]
    assert run.base_checkpoint_id == stored(thread).head_checkpoint_id


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_answer_ends_nobodys_run(tenant: Tenant, owner: Person, strategy: str) -> None:
    thread = paused(tenant, owner.actor)
    make_run(tenant, thread, "running")
    with pytest.raises(Conflict, match="runs in progress"):
        message(owner.actor, thread, strategy, command={"resume": "yes"})
    assert rows(thread) == [("success", None), ("running", None)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_colleague_without_a_right_to_the_thread_ends_nothing(tenant: Tenant, busy: Thread, strategy: str) -> None:
    with pytest.raises(NotAllowed):
        message(actor_of(tenant, Role.OPERATOR), busy, strategy)
    assert [status for status, _ in rows(busy)] == ["success", "running", "pending", "pending"]
