"""Ending runs from outside: cancel, roll back, delete."""

from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection

from runs.models import Interrupt, Run, RunEvent, Thread
from runs.services.cancel import cancel_run, delete_run
from runs.services.state import get_history, get_state
from runs.streams import keys
from runs.wire.events import END, unpack
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt
from tenants.actors import Role
from tenants.exceptions import Conflict, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_events, make_run, make_thread
from tests.runs.services.pauses import invoke, open_ids, paused


def stored(thread: Thread) -> Thread:
    """The thread's row as it is now."""
    return Thread.objects.for_tenant(thread.tenant_id).get(thread_id=thread.thread_id)


def cancel(person: Person, run: Run, action: str = "interrupt") -> Run:
    """Through the service."""
    return cancel_run(actor=person.actor, thread_id=run.thread_id, run_id=run.run_id, action=action)


@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_cancelled_run_is_over_at_once(tenant: Tenant, owner: Person, status: str) -> None:
    thread = make_thread(tenant, owner.actor, status="busy")
    run = make_run(tenant, thread, status=status, lease_owner="w1" if status == "running" else None)
    cancel(owner, run)
    row = Run.objects.for_tenant(tenant.tenant_id).get(run_id=run.run_id)
    assert (row.status, row.cancel_reason, row.lease_owner, row.lease_until) == ("interrupted", "interrupt", None, None)
    assert row.ended_at is not None
    assert stored(thread).status == "idle"
    assert stored(thread).error == {
        "error": "UserInterrupt",
        "message": "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    }
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="run.cancel")
    assert (event.target_id, event.before) == (str(run.run_id), {"status": status})


def test_its_readers_get_the_end_and_its_worker_is_told(tenant: Tenant, owner: Person) -> None:
    run = make_run(tenant, make_thread(tenant, owner.actor, status="busy"), status="running", lease_owner="w7")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        ear: Any = client.pubsub()
        ear.subscribe(keys.control("w7"))
        assert ear.get_message(timeout=2)
        cancel(owner, run)
        assert str(run.run_id).encode() in ear.get_message(timeout=2)["data"]
        entries: Any = client.xrange(keys.log(run.run_id))
    (end,) = unpack(entries[0][1][b"d"])
    assert (end.event, end.data) == (END, b'{"status":"interrupted","wait":{},"error":null}')


def test_thread_stays_busy_while_others_wait(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, status="busy")
    first, second = make_run(tenant, thread, status="running"), make_run(tenant, thread, status="pending")
    cancel(owner, second)
    assert (stored(thread).status, stored(thread).error) == ("busy", None)
    cancel(owner, first)
    assert stored(thread).status == "idle"


def test_finished_steps_stay_and_the_thread_says_where_it_stopped(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    invoke(thread, {"mode": "none"}, interrupt_before=["act"])
    run = make_run(tenant, thread, status="running")
    cancel(owner, run)
    row = stored(thread)
    assert (row.status, row.interrupts, row.values["answers"][-1]) == ("interrupted", {}, "skipped")
    assert open_ids(thread) == []


def test_rollback_removes_the_run_its_checkpoints_and_events(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    before = stored(thread)
    run = make_run(tenant, thread, status="running", resumable=True)
    make_events(tenant, run, ("values", b"{}"))
    invoke(thread, {"mode": "none"}, run_id=run.run_id)
    assert stored(thread).values != before.values
    cancel(owner, run, "rollback")
    assert not Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).exists()
    assert not RunEvent.objects.for_tenant(tenant.tenant_id).exists()
    row = stored(thread)
    assert (row.values, row.head_checkpoint_id, row.status) == (before.values, before.head_checkpoint_id, "idle")
    assert row.error is not None and row.error["error"] == "UserRollback"


def test_deleting_a_run_makes_the_thread_what_is_left(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    before = stored(thread)
    run = make_run(tenant, thread)
    invoke(thread, {"mode": "single"}, run_id=run.run_id)
    (name,) = open_ids(thread)
    delete_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    assert (stored(thread).values, stored(thread).status, stored(thread).error) == (before.values, "idle", None)
    assert Interrupt.objects.for_tenant(tenant.tenant_id).get(interrupt_id=name).status == "superseded"
    states = get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(100))
    assert {state.metadata["run_id"] for state in states if state.metadata} != {str(run.run_id)}
    with pytest.raises(NotFound, match=r"^Run not found$"):
        delete_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)


def test_a_run_stays_while_another_goes_on_from_its_checkpoints(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    run = Run.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    later = make_run(tenant, thread, status="running")
    with pytest.raises(Conflict, match="Another run"):
        delete_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    assert stored(thread).values["done"]
    delete_run(actor=owner.actor, thread_id=thread.thread_id, run_id=later.run_id)
    make_run(tenant, thread, status="pending")
    delete_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    assert stored(thread).head_checkpoint_id is None


@pytest.mark.parametrize("status", ["success", "error", "timeout", "interrupted"])
def test_what_has_ended_cannot_be_cancelled(tenant: Tenant, owner: Person, status: str) -> None:
    run = make_run(tenant, make_thread(tenant, owner.actor), status=status)
    with pytest.raises(NotFound, match="No matching runs to cancel"):
        cancel(owner, run)


def test_unknown_runs_and_threads_are_one_answer(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for thread_id in (thread.thread_id, uuid4()):
        with pytest.raises(NotFound, match=r"^No runs found to cancel\.$"):
            cancel_run(actor=owner.actor, thread_id=thread_id, run_id=uuid4())


def test_a_run_of_another_thread_is_not_found(tenant: Tenant, owner: Person) -> None:
    run = make_run(tenant, make_thread(tenant, owner.actor), status="pending")
    other = make_thread(tenant, owner.actor)
    with pytest.raises(NotFound):
        cancel_run(actor=owner.actor, thread_id=other.thread_id, run_id=run.run_id)


@pytest.mark.parametrize(
    ("role", "own", "allowed"),
    [("viewer", True, False), ("reviewer", True, False), ("operator", True, True), ("operator", False, False), ("developer", False, True)],
)
def test_who_cancels(tenant: Tenant, role: str, own: bool, allowed: bool) -> None:
    actor = actor_of(tenant, Role(role))
    run = make_run(tenant, make_thread(tenant, actor if own else None), status="pending")
    try:
        cancel_run(actor=actor, thread_id=run.thread_id, run_id=run.run_id)
    except NotAllowed:
        assert not allowed
    else:
        assert allowed


def test_rolling_back_beside_an_open_interrupt_needs_state_update(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = paused(tenant, operator)
    run = make_run(tenant, thread, status="pending")
    with pytest.raises(NotAllowed, match=r"state\.update"):
        cancel_run(actor=operator, thread_id=thread.thread_id, run_id=run.run_id, action="rollback")


@pytest.mark.parametrize("graph", ["retired", "approval"])
def test_a_thread_whose_graph_is_gone_can_still_be_stopped(tenant: Tenant, owner: Person, graph: str) -> None:
    thread = paused(tenant, owner.actor)
    (name,) = open_ids(thread)
    run = make_run(tenant, thread, status="pending", resume_ids=[name])
    rows: Any = Interrupt.objects.for_tenant(tenant.tenant_id).filter(interrupt_id=name)
    rows.update(status="resolved", resume_run_id=run.run_id)
    Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(graph_id=graph, status="busy")
    cancel(owner, run)
    assert open_ids(thread) == [name]
    assert stored(thread).status == "interrupted"


def test_a_stateless_thread_ends_with_its_run(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, temporary=True, keep=False, status="busy")
    cancel(owner, make_run(tenant, thread, status="pending"))
    assert stored(thread).ended_at is not None


def test_a_step_that_was_finished_but_not_closed_is_something_to_continue(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor, "none")
    head = stored(thread).head_checkpoint_id
    with connection.cursor() as cursor:  # as if the flush of the last checkpoint had been refused
        cursor.execute(
            "delete from checkpoints where thread_id = %s and checkpoint_id = %s", (f"{tenant.tenant_id}:{thread.thread_id}", head)
        )
    cancel(owner, make_run(tenant, thread, status="running"))
    assert stored(thread).status == "interrupted"
    state = get_state(actor=owner.actor, thread_id=thread.thread_id, at=StateAt(CheckpointRef(), False))
    assert (state.next, state.values["done"]) == (("act",), True)


def test_a_thread_whose_graph_is_gone_keeps_a_head_for_its_next_run(tenant: Tenant, owner: Person) -> None:
    """A thread without one would start anew, as if its checkpoints were not there."""
    thread = paused(tenant, owner.actor)
    head = stored(thread).head_checkpoint_id
    Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(head_checkpoint_id=None, graph_id="gone")
    cancel(owner, make_run(tenant, thread, status="running"))
    assert head is not None
    assert stored(thread).head_checkpoint_id == head
