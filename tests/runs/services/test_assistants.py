"""Deleting an assistant together with its threads."""

from uuid import UUID

import pytest
from django.utils import timezone

from assistants.models import Assistant
from assistants.services.assistants import get_assistant
from runs.models import Thread
from runs.services import assistants
from runs.services.assistants import delete_assistant
from runs.services.runs import create_run
from runs.services.threads import create_thread, delete_thread
from runs.wire.runs import RunRequest
from runs.wire.threads import ThreadCreate
from tenants.actors import Actor, Role
from tenants.database.context import acting_for
from tenants.exceptions import NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tenants.policy import GRANTS, Permission
from tests.builders import Person, actor_of, make_assistant, make_run, make_thread
from tests.statements import statements


def thread_of(tenant: Tenant, row: Assistant, owner: Actor | None = None, interrupted: bool = False) -> UUID:
    """A thread whose last run was of this assistant."""
    return make_thread(tenant, owner, interrupted, metadata={"assistant_id": str(row.assistant_id)}).thread_id


def deleted(actor: Actor, row: Assistant, threads: bool = True) -> None:
    delete_assistant(actor=actor, assistant_id=row.assistant_id, threads=threads, now=timezone.now())


def left(tenant: Tenant) -> set[UUID]:
    return set(Thread.objects.for_tenant(tenant.tenant_id).values_list("thread_id", flat=True))


def test_threads_of_the_assistant_go_and_others_stay(tenant: Tenant, owner: Person) -> None:
    row, other = make_assistant(tenant), make_assistant(tenant)
    kept = {thread_of(tenant, other, owner.actor), make_thread(tenant, owner.actor).thread_id}
    gone = create_thread(actor=owner.actor, request=ThreadCreate.parse({})).thread_id
    request = RunRequest.parse({"assistant_id": str(row.assistant_id), "input": {}})
    create_run(actor=owner.actor, thread_id=gone, request=request, streamed=False)  # names the assistant in the thread's metadata
    deleted(owner.actor, row)
    assert left(tenant) == kept
    with pytest.raises(NotFound):
        get_assistant(actor=owner.actor, assistant_id=row.assistant_id)
    log = AuditEvent.objects.for_tenant(tenant.tenant_id)
    assert log.filter(action="thread.delete", target_id=str(gone)).exists() and log.filter(action="assistant.delete").exists()


def test_without_the_switch_threads_stay(tenant: Tenant, owner: Person) -> None:
    row = make_assistant(tenant)
    thread = thread_of(tenant, row, owner.actor)
    deleted(owner.actor, row, threads=False)
    assert left(tenant) == {thread}


@pytest.mark.parametrize(("role", "allowed"), [(Role.OPERATOR, False), (Role.DEVELOPER, False), (Role.ADMIN, True)])
def test_threads_of_others_need_an_admin_and_nothing_goes_without(tenant: Tenant, role: Role, allowed: bool) -> None:
    actor, row = actor_of(tenant, role), make_assistant(tenant)
    threads = {thread_of(tenant, row, actor), thread_of(tenant, row)}
    try:
        deleted(actor, row)
    except NotAllowed:
        assert not allowed and left(tenant) == threads
        assert get_assistant(actor=actor, assistant_id=row.assistant_id)
    else:
        assert allowed and left(tenant) == set()


def test_a_gate_goes_only_with_who_may_edit_state(tenant: Tenant, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_assistant(tenant)
    thread = thread_of(tenant, row, owner.actor, interrupted=True)
    monkeypatch.setitem(GRANTS, Role.DEVELOPER, GRANTS[Role.DEVELOPER] - {Permission.STATE_UPDATE})  # no role of today
    with pytest.raises(NotAllowed, match=r"state\.update"):
        deleted(owner.actor, row)
    assert left(tenant) == {thread}


def test_an_unknown_and_a_foreign_assistant_are_the_same(tenant: Tenant, owner: Person, stranger: Person) -> None:
    row = make_assistant(tenant)
    thread = thread_of(tenant, row, owner.actor)
    with acting_for(stranger.actor.tenant_id), pytest.raises(NotFound, match=f"^Assistant with ID {row.assistant_id} not found$"):
        deleted(stranger.actor, row)
    assert left(tenant) == {thread}


def test_a_run_that_runs_ends_with_its_thread(tenant: Tenant, owner: Person) -> None:
    row = make_assistant(tenant)
    thread = make_thread(tenant, owner.actor, status="busy", metadata={"assistant_id": str(row.assistant_id)})
    make_run(tenant, thread, "running", assistant_id=row.assistant_id)
    deleted(owner.actor, row)
    assert left(tenant) == set()


def test_each_thread_has_a_transaction_of_its_own(tenant: Tenant, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistants, "PAGE", 2)
    row = make_assistant(tenant)
    made = [thread_of(tenant, row, owner.actor) for _ in range(5)]
    seen: list[UUID] = []

    def cut_short(*, actor: Actor, thread_id: UUID) -> None:
        if len(seen) == 3:
            raise ConnectionError
        seen.append(thread_id)
        delete_thread(actor=actor, thread_id=thread_id)

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(assistants, "delete_thread", cut_short)
        deleted(owner.actor, row)
    assert left(tenant) == set(made) - set(seen)
    with statements() as each:
        delete_thread(actor=owner.actor, thread_id=make_thread(tenant, owner.actor).thread_id)
    with statements() as sent:
        deleted(owner.actor, row)
    assert left(tenant) == set()
    assert len(sent) <= 7 + 2 * len(each)
