"""Ending many runs at once, by ids or by status."""

from uuid import uuid4

import pytest

from runs.models import Run, Thread
from runs.services.cancel import cancel_runs
from runs.wire.cancels import CancelRequest
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_run, make_thread
from tests.runs.services.pauses import paused
from tests.statements import statements


def statuses(tenant: Tenant) -> list[str]:
    """Of all runs, oldest first."""
    return list(Run.objects.for_tenant(tenant.tenant_id).order_by("seq").values_list("status", flat=True))


def by_status(status: str) -> CancelRequest:
    """All runs of a status."""
    return CancelRequest.parse({"status": status})


def named(thread: Thread, *runs: Run) -> CancelRequest:
    """These runs."""
    return CancelRequest.parse({"thread_id": str(thread.thread_id), "run_ids": [str(run.run_id) for run in runs]})


def test_named_runs_are_over_and_others_go_on(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, status="busy")
    runs = [make_run(tenant, thread, status) for status in ("running", "pending", "pending", "success")]
    cancel_runs(actor=owner.actor, request=named(thread, runs[0], runs[2], runs[3]))
    assert statuses(tenant) == ["interrupted", "pending", "interrupted", "success"]
    assert Thread.objects.for_tenant(tenant.tenant_id).get().status == "busy"
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.cancel").count() == 2


@pytest.mark.parametrize(
    ("status", "left"),
    [("pending", ["running", "interrupted"]), ("running", ["interrupted", "pending"]), ("all", ["interrupted", "interrupted"])],
)
def test_all_of_a_status(tenant: Tenant, owner: Person, status: str, left: list[str]) -> None:
    make_run(tenant, make_thread(tenant, owner.actor, status="busy"), "running")
    make_run(tenant, make_thread(tenant, status="busy"), "pending")
    cancel_runs(actor=owner.actor, request=by_status(status))
    assert statuses(tenant) == left


def test_rolled_back_runs_are_gone(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, status="busy")
    for _ in range(3):
        make_run(tenant, thread, "pending")
    cancel_runs(actor=owner.actor, request=by_status("all"), action="rollback")
    assert statuses(tenant) == []
    assert Thread.objects.for_tenant(tenant.tenant_id).get().status == "idle"


def test_operator_ends_the_runs_of_own_threads_only(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    make_run(tenant, make_thread(tenant, status="busy"), "pending")
    with pytest.raises(NotFound):
        cancel_runs(actor=operator, request=by_status("all"))
    make_run(tenant, make_thread(tenant, operator, status="busy"), "pending")
    cancel_runs(actor=operator, request=by_status("all"))
    assert statuses(tenant) == ["pending", "interrupted"]


def test_operator_does_not_roll_back_around_a_gate(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator)
    run = make_run(tenant, thread, "pending")
    with pytest.raises(NotAllowed, match=r"state\.update"):
        cancel_runs(actor=operator, request=named(thread, run), action="rollback")
    with pytest.raises(NotFound):
        cancel_runs(actor=operator, request=by_status("all"), action="rollback")
    assert statuses(tenant) == ["success", "pending"]


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_who_may_not(tenant: Tenant, role: str) -> None:
    thread = make_thread(tenant, status="busy")
    run = make_run(tenant, thread, "pending")
    for request in (by_status("all"), named(thread, run)):
        with pytest.raises(NotAllowed, match=r"run\.cancel"):
            cancel_runs(actor=actor_of(tenant, Role(role)), request=request)


def test_runs_of_other_threads_and_tenants_are_not_found(tenant: Tenant, owner: Person, stranger: Person) -> None:
    thread, other = make_thread(tenant, owner.actor), make_thread(tenant, owner.actor)
    run = make_run(tenant, thread, "pending")
    for request in (named(other, run), CancelRequest(uuid4(), (run.run_id,))):
        with pytest.raises(NotFound, match=r"^No runs found to cancel\.$"):
            cancel_runs(actor=owner.actor, request=request)
    with acting_for(stranger.actor.tenant_id):
        for request in (named(thread, run), by_status("all")):
            with pytest.raises(NotFound, match=r"^No runs found to cancel\.$"):
                cancel_runs(actor=stranger.actor, request=request)
    assert statuses(tenant) == ["pending"]


def test_what_has_ended_is_told_from_what_never_was(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    with pytest.raises(NotFound, match="No matching runs to cancel"):
        cancel_runs(actor=owner.actor, request=named(thread, make_run(tenant, thread)))


def test_statements_grow_with_threads_not_with_runs(tenant: Tenant, owner: Person) -> None:
    counts = []
    for runs in (1, 3):
        thread = make_thread(tenant, owner.actor, status="busy")
        made = [make_run(tenant, thread, "pending") for _ in range(runs)]
        with statements() as sent:
            cancel_runs(actor=owner.actor, request=named(thread, *made))
        counts.append(len(sent))
    assert counts == [5, 7], "thread, runs, end, what the head says; one audit row for each run"
