"""Copying threads."""

from uuid import uuid4

import pytest
from django.db import connection

from runs.models import Interrupt, Run, Thread, ThreadMetadata
from runs.services.copies import copy_thread
from runs.services.runs import create_run
from runs.services.state import get_history, get_state, update_state
from runs.services.threads import create_thread, delete_thread
from runs.wire.runs import RunRequest
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StateUpdate, state_json
from runs.wire.threads import ThreadCreate
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_run, make_thread
from tests.runs.services.pauses import invoke, open_ids, paused
from tests.statements import statements

NEWEST = StateAt(CheckpointRef(), False)
STORED = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


def rows_of(thread: Thread) -> dict[str, int]:
    """How many rows LangGraph's tables have of it."""
    found = {}
    with connection.cursor() as cursor:
        for table in STORED:
            cursor.execute(f"select count(*) from {table} where thread_id = %s", (f"{thread.tenant_id}:{thread.thread_id}",))
            ((found[table],),) = cursor.fetchall()
    return found


def test_copy_has_state_history_metadata_and_no_runs(tenant: Tenant, owner: Person) -> None:
    thread = create_thread(actor=owner.actor, request=ThreadCreate.parse({"metadata": {"graph_id": "slow", "topic": "law"}}))
    for tick in (1, 2):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=StateUpdate.parse({"values": {"tick": tick}}))
    make_run(tenant, thread)
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    assert copy.thread_id != thread.thread_id and copy.thread_id.version == 7
    assert (copy.metadata, copy.values, copy.status, copy.error) == (thread.metadata, {"tick": 2}, "interrupted", None)
    assert rows_of(copy) == rows_of(thread) and rows_of(copy)["checkpoints"] == 2
    states = [
        [
            (state["checkpoint_id"], state["values"])
            for state in map(state_json, get_history(actor=owner.actor, thread_id=name, request=page))
        ]
        for page in [HistoryRequest(10)]
        for name in (thread.thread_id, copy.thread_id)
    ]
    assert states[0] == states[1]
    assert ThreadMetadata.objects.for_tenant(tenant.tenant_id).filter(thread_id=copy.thread_id, key="topic", value='"law"').exists()
    assert not Run.objects.for_tenant(tenant.tenant_id).filter(thread_id=copy.thread_id).exists()
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="thread.copy")
    assert (event.target_id, event.after) == (str(copy.thread_id), {"copied_from": str(thread.thread_id)})


def test_each_goes_its_own_way(owner: Person) -> None:
    thread = create_thread(actor=owner.actor, request=ThreadCreate.parse({"metadata": {"graph_id": "slow"}}))
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=StateUpdate.parse({"values": {"tick": 1}}))
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    update_state(actor=owner.actor, thread_id=copy.thread_id, request=StateUpdate.parse({"values": {"tick": 9}}))
    delete_thread(actor=actor_of(Tenant(tenant_id=thread.tenant_id), Role.ADMIN), thread_id=thread.thread_id)
    assert get_state(actor=owner.actor, thread_id=copy.thread_id, at=NEWEST).values == {"tick": 9}


def test_open_interrupts_are_answered_in_each(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    (name,) = open_ids(thread)
    assert open_ids(copy) == [name] and copy.status == "interrupted" and [row[0]["id"] for row in copy.interrupts.values()] == [name]
    rows = Interrupt.objects.for_tenant(tenant.tenant_id).filter(interrupt_id=name)
    assert len({row.review_id for row in rows}) == 2
    assert {(row.requester, row.run_id, row.kind, tuple(row.allowed), row.checkpoint_id) for row in rows} == {
        (row.requester, row.run_id, row.kind, tuple(row.allowed), row.checkpoint_id) for row in rows[:1]
    }
    for each in (copy, thread):
        request = RunRequest.parse({"assistant_id": "approval", "command": {"resume": {name: "yes"}}})
        create_run(actor=owner.actor, thread_id=each.thread_id, request=request, streamed=False)
        assert open_ids(each) == []


def test_a_breakpoint_is_continued_in_each(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, graph_id="approval", metadata={"graph_id": "approval"})
    invoke(thread, {"mode": "none"}, interrupt_before=["act"])
    head = get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST).config["configurable"]["checkpoint_id"]
    row = {"interrupt_id": f"breakpoint:{head}", "kind": "breakpoint", "checkpoint_id": head, "allowed": ["continue"]}
    Interrupt.objects.create(tenant_id=tenant.tenant_id, thread_id=thread.thread_id, **row)
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    assert (copy.status, copy.interrupts, open_ids(copy)) == ("interrupted", {}, [f"breakpoint:{head}"])


def test_a_failed_run_stays_with_the_original(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    failed = Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id)
    failed.update(status="error", error={"error": "ValueError", "message": "boom"}, values={"stale": True}, interrupts={})
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    assert (copy.status, copy.error, set(copy.values)) == ("interrupted", None, {"mode", "request", "answers"})
    assert len(copy.interrupts) == 1


def test_a_copy_belongs_to_the_originals_owner(tenant: Tenant, owner: Person) -> None:
    author, operator = actor_of(tenant, Role.OPERATOR), actor_of(tenant, Role.OPERATOR)
    copy = copy_thread(actor=operator, thread_id=make_thread(tenant, author).thread_id)
    assert copy.owner == author.identity


@pytest.mark.parametrize(("role", "open_gate", "allowed"), [("viewer", False, False), ("operator", False, True), ("operator", True, False)])
def test_who_copies(tenant: Tenant, role: str, open_gate: bool, allowed: bool) -> None:
    actor = actor_of(tenant, Role(role))
    thread = make_thread(tenant, actor, interrupted=open_gate)
    try:
        copy_thread(actor=actor, thread_id=thread.thread_id)
    except NotAllowed:
        assert not allowed
    else:
        assert allowed


def test_a_busy_thread_is_not_copied(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    run = make_run(tenant, thread, status="pending")
    with pytest.raises(Conflict, match=f"in-flight runs: {run.run_id}"):
        copy_thread(actor=owner.actor, thread_id=thread.thread_id)


def test_unknown_and_foreign_threads_are_one_conflict(tenant: Tenant, owner: Person, stranger: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for name in (thread.thread_id, uuid4()):
        with acting_for(stranger.actor.tenant_id), pytest.raises(Conflict, match=r"^Conflict$"):
            copy_thread(actor=stranger.actor, thread_id=name)
    assert Thread.objects.for_tenant(tenant.tenant_id).count() == 1


def test_copying_takes_six_statements(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    with statements() as sent:
        copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    assert len(sent) == 6  # lock, gate, runs, rows, checkpoints, and the row that is answered
