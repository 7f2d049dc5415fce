"""Creating, changing and removing threads."""

from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now

from runs.models import Decision, Interrupt, Run, RunEvent, Thread, ThreadMetadata
from runs.services.access import run_for, thread_for
from runs.services.runs import create_run, list_runs
from runs.services.threads import create_thread, delete_thread, patch_thread
from runs.wire.runs import RunList, RunRequest
from runs.wire.threads import ThreadCreate, ThreadPatch
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_events, make_run, make_thread
from tests.runs.services.pauses import open_ids, paused
from tests.statements import statements


def body(**fields: object) -> ThreadCreate:
    """A body."""
    return ThreadCreate.parse(fields)


def index(thread: Thread) -> set[tuple[str, str]]:
    """The thread's rows in the metadata index."""
    rows = ThreadMetadata.objects.for_tenant(thread.tenant_id).filter(thread_id=thread.thread_id)
    return set(rows.values_list("key", "value"))


def test_a_thread_is_made_in_one_statement(tenant: Tenant, owner: Person) -> None:
    with statements() as sent:
        made = create_thread(actor=owner.actor, request=body(metadata={"topic": "x", "n": 1.0, "deep": {"a": 1}, "none": None}))
    assert len(sent) == 1
    row = thread_for(owner.actor, made.thread_id)
    assert (row.owner, row.status, row.values, row.config, row.metadata) == (owner.actor.identity, "idle", None, {}, made.metadata)
    assert (row.created_at, row.updated_at) == (made.created_at, made.updated_at)
    assert index(row) == {("topic", '"x"'), ("n", "1"), ("none", "null")}
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="thread.create", target_id=str(row.thread_id)).count() == 1


def test_a_taken_id_is_a_conflict_or_the_stored_thread(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, metadata={"a": "1"})
    with pytest.raises(Conflict, match=f"Thread with ID {thread.thread_id} already exists"):
        create_thread(actor=owner.actor, request=body(thread_id=str(thread.thread_id)))
    stored = create_thread(actor=owner.actor, request=body(thread_id=str(thread.thread_id), metadata={"b": 1}, if_exists="do_nothing"))
    assert stored.metadata == {"a": "1"}


def test_patch_merges_and_moves_only_updated_at(tenant: Tenant, owner: Person) -> None:
    made = create_thread(actor=owner.actor, request=body(metadata={"a": 1, "b": "x", "c": {"d": 1}}))
    patch = ThreadPatch.parse({"metadata": {"b": "y", "e": "z" * 300, "a": {"now": "nested"}}})
    row = patch_thread(actor=owner.actor, thread_id=made.thread_id, request=patch)
    assert row.metadata == {"a": {"now": "nested"}, "b": "y", "c": {"d": 1}, "e": "z" * 300}
    assert row.updated_at > made.updated_at and row.state_updated_at == made.state_updated_at
    assert {key for key, _ in index(row)} == {"b", "e"} and max(len(value) for _, value in index(row)) < 200


@pytest.mark.parametrize(
    ("role", "own", "allowed"), [("viewer", True, False), ("operator", True, True), ("operator", False, False), ("developer", False, True)]
)
def test_who_patches(tenant: Tenant, role: str, own: bool, allowed: bool) -> None:
    actor = actor_of(tenant, Role(role))
    thread = make_thread(tenant, actor if own else None)
    try:
        patch_thread(actor=actor, thread_id=thread.thread_id, request=ThreadPatch.parse({"metadata": {"a": 1}}))
    except NotAllowed:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    ("role", "own", "allowed"), [("viewer", True, False), ("operator", True, True), ("developer", False, False), ("admin", False, True)]
)
def test_who_deletes(tenant: Tenant, role: str, own: bool, allowed: bool) -> None:
    actor = actor_of(tenant, Role(role))
    thread = make_thread(tenant, actor if own else None)
    try:
        delete_thread(actor=actor, thread_id=thread.thread_id)
    except NotAllowed:
        assert not allowed
    else:
        assert allowed


def test_who_may_not_edit_state_cannot_delete_a_gate_with_its_thread(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = make_thread(tenant, operator, interrupted=True)
    with pytest.raises(NotAllowed, match=r"state\.update"):
        delete_thread(actor=operator, thread_id=thread.thread_id)
    delete_thread(actor=actor_of(tenant, Role.ADMIN), thread_id=thread.thread_id)


def test_a_deleted_thread_leaves_nothing_but_audit(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    create_run(
        actor=owner.actor,
        thread_id=thread.thread_id,
        request=RunRequest.parse({"assistant_id": "approval", "command": {"resume": "x"}}),
        streamed=False,
    )
    make_events(tenant, make_run(tenant, thread), ("values", b"{}"))
    delete_thread(actor=owner.actor, thread_id=thread.thread_id)
    for model in (Thread, Run, Interrupt, Decision, RunEvent, ThreadMetadata):
        assert not model.objects.for_tenant(tenant.tenant_id).exists(), model
    with connection.cursor() as cursor:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            cursor.execute(f"select count(*) from {table} where thread_id like %s", (f"{tenant.tenant_id}%",))
            assert cursor.fetchone() == (0,), table
    with pytest.raises(NotFound):
        delete_thread(actor=owner.actor, thread_id=thread.thread_id)


def test_open_interrupts_are_audited_as_discarded(tenant: Tenant, owner: Person) -> None:
    thread = paused(tenant, owner.actor)
    names = open_ids(thread)
    delete_thread(actor=owner.actor, thread_id=thread.thread_id)
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="thread.delete")
    assert event.before == {"status": "interrupted", "discarded": names}


def test_another_tenants_thread_and_run_do_not_exist(tenant: Tenant, owner: Person, stranger: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    run = make_run(tenant, thread)
    with acting_for(stranger.actor.tenant_id):
        for use in (
            lambda: thread_for(stranger.actor, thread.thread_id),
            lambda: thread_for(stranger.actor, thread.thread_id, lock=True),
            lambda: run_for(stranger.actor, thread.thread_id, run.run_id),
            lambda: patch_thread(actor=stranger.actor, thread_id=thread.thread_id, request=ThreadPatch({})),
            lambda: delete_thread(actor=stranger.actor, thread_id=thread.thread_id),
            lambda: list_runs(actor=stranger.actor, thread_id=thread.thread_id, request=RunList.parse({})),
        ):
            with pytest.raises(NotFound):
                use()


def test_runs_are_listed_newest_first(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    runs = [make_run(tenant, thread, status=status).run_id for status in ("success", "error", "success")]

    def page(**query: list[str]) -> list[object]:
        return [run.run_id for run in list_runs(actor=owner.actor, thread_id=thread.thread_id, request=RunList.parse(query))]

    assert page() == runs[::-1]
    assert page(status=["success"]) == [runs[2], runs[0]]
    assert page(status=["bogus"]) == []
    assert page(limit=["1"], offset=["1"]) == [runs[1], runs[0]]  # one more says that there is more


def test_a_missing_run_and_a_missing_thread_say_which(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    with pytest.raises(NotFound, match=r"^Not Found$"):
        run_for(owner.actor, thread.thread_id, uuid4())
    with pytest.raises(NotFound, match=r"^Thread with ID"):
        run_for(owner.actor, uuid4(), uuid4())


def test_the_id_of_an_ended_hidden_thread_is_taken_until_it_is_deleted(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, temporary=True, keep=False, ended_at=Now())
    with pytest.raises(Conflict, match="already exists"):
        create_thread(actor=owner.actor, request=body(thread_id=str(thread.thread_id), if_exists="do_nothing"))
    request = RunRequest.parse({"assistant_id": "approval", "if_not_exists": "create"})
    with pytest.raises(Conflict, match="is being deleted"):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request, streamed=False)
