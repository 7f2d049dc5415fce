"""Accepting runs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from runs.lifecycle import queue
from runs.models import Run, Thread, ThreadMetadata
from runs.services.runs import create_run
from runs.wire.runs import RunRequest
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import BadRequest, Conflict, Invalid, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, builtin_id, make_person, make_run, make_thread, now
from tests.statements import statements


def request(**body: object) -> RunRequest:
    """A body for the approval graph."""
    return RunRequest.parse({"assistant_id": "approval", "input": {"mode": "none"}} | body)


def stored(tenant: Tenant, thread: Thread) -> Thread:
    """The thread's row as it is now."""
    return Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)


def test_thread_is_busy_and_names_graph_and_assistant_at_once(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, metadata={"topic": "x"})
    run = create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(metadata={"m": 1}), streamed=False)
    row = stored(tenant, thread)
    assert (row.status, row.graph_id, row.assistant_id) == ("busy", "approval", builtin_id("approval"))
    assert row.metadata == {"topic": "x", "graph_id": "approval", "assistant_id": str(builtin_id("approval"))}
    assert row.config["configurable"] == {}
    kept = Run.objects.for_tenant(tenant.tenant_id).get(run_id=run.run_id)
    assert (kept.status, kept.attempt, kept.created_by, kept.metadata["m"]) == ("pending", 0, owner.actor.identity, 1)
    assert (kept.created_at, kept.kwargs) == (run.created_at, run.kwargs)


def test_metadata_of_the_run_can_be_searched(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for _ in range(2):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(), streamed=False)
    rows = ThreadMetadata.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id)
    assert set(rows.values_list("key", "value")) == {("graph_id", '"approval"'), ("assistant_id", f'"{builtin_id("approval")}"')}


def test_one_row_of_audit_per_run(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    run = create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(), streamed=False)
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(target_id=str(run.run_id))
    assert (event.action, event.actor, event.after) == (
        "run.create",
        owner.actor.identity,
        {"thread_id": str(thread.thread_id), "assistant_id": str(builtin_id("approval"))},
    )


def test_accept_takes_three_statements(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(), streamed=False)
    with statements() as known:
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(), streamed=False)
    with statements() as new:
        create_run(actor=owner.actor, thread_id=uuid4(), request=request(if_not_exists="create"), streamed=False)
    with statements() as stateless:
        create_run(actor=owner.actor, thread_id=None, request=request(), streamed=False)
    assert (len(known), len(new), len(stateless)) == (3, 4, 2)


def test_unknown_thread_and_assistant_are_one_answer(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for thread_id, assistant in ((uuid4(), "approval"), (thread.thread_id, str(uuid4()))):
        with pytest.raises(NotFound, match=r"^Thread or assistant not found\.$"):
            create_run(actor=owner.actor, thread_id=thread_id, request=request(assistant_id=assistant), streamed=False)
    assert stored(tenant, thread).status == "idle"


def test_thread_of_another_tenant_does_not_exist(tenant: Tenant, owner: Person, stranger: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    with acting_for(stranger.actor.tenant_id), pytest.raises(NotFound):
        create_run(actor=stranger.actor, thread_id=thread.thread_id, request=request(), streamed=False)


def test_missing_thread_is_made_with_the_runs_metadata(tenant: Tenant, owner: Person) -> None:
    thread_id = uuid4()
    made = request(if_not_exists="create", metadata={"a": 1}, config={"metadata": {"b": 2}, "tags": ["t"]})
    create_run(actor=owner.actor, thread_id=thread_id, request=made, streamed=False)
    row = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread_id)
    assert row.owner == owner.actor.identity
    assert row.metadata == {"graph_id": "approval", "assistant_id": str(builtin_id("approval")), "b": 2, "a": 1}
    assert row.config == {"metadata": {"b": 2}, "tags": ["t"], "configurable": {}}
    assert ThreadMetadata.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread_id, key="a", value="1").exists()


def test_existing_thread_keeps_its_metadata_with_if_not_exists(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(if_not_exists="create", metadata={"a": 1}), streamed=False)
    assert "a" not in stored(tenant, thread).metadata


def test_stateless_run_gets_a_hidden_thread(tenant: Tenant, owner: Person) -> None:
    run = create_run(actor=owner.actor, thread_id=None, request=request(), streamed=False)
    row = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=run.thread_id)
    assert (row.temporary, row.keep, row.status, run.kwargs["temporary"]) == (True, False, "busy", True)
    kept = create_run(actor=owner.actor, thread_id=None, request=request(on_completion="keep"), streamed=False)
    assert Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=kept.thread_id).keep


def test_stateless_resume_has_no_thread(tenant: Tenant, owner: Person) -> None:
    with pytest.raises(BadRequest, match="You must provide a thread_id when resuming"):
        create_run(actor=owner.actor, thread_id=None, request=request(command={"resume": "x"}), streamed=False)


def test_reject_refuses_a_busy_thread_only(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(multitask_strategy="reject"), streamed=False)
    with pytest.raises(Conflict, match="Thread is already running a task"):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(multitask_strategy="reject"), streamed=False)


def test_a_thread_takes_only_so_many_runs(tenant: Tenant, owner: Person, settings: object) -> None:
    settings.THREAD_QUEUE_LIMIT = 2  # type: ignore[attr-defined]  # pytest-django's wrapper takes any setting
    thread = make_thread(tenant, owner.actor)
    for _ in range(2):
        make_run(tenant, thread, status="pending")
    with pytest.raises(Conflict, match="2 runs wait on this thread already"):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(), streamed=False)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER])
def test_viewers_and_reviewers_start_nothing(tenant: Tenant, role: Role) -> None:
    actor = actor_of(tenant, role)
    thread = make_thread(tenant, actor)
    for thread_id in (thread.thread_id, None):
        with pytest.raises(NotAllowed):
            create_run(actor=actor, thread_id=thread_id, request=request(), streamed=False)
    assert not Run.objects.for_tenant(tenant.tenant_id).exists()


def test_operator_runs_on_own_threads_only(tenant: Tenant, owner: Person, colleague: Person) -> None:
    own, other = make_thread(tenant, colleague.actor), make_thread(tenant, owner.actor)
    create_run(actor=colleague.actor, thread_id=own.thread_id, request=request(), streamed=False)
    with pytest.raises(NotAllowed):
        create_run(actor=colleague.actor, thread_id=other.thread_id, request=request(), streamed=False)
    create_run(actor=owner.actor, thread_id=own.thread_id, request=request(), streamed=False)


@pytest.mark.parametrize(
    "way",
    [{"command": {"goto": "act"}}, {"command": {"update": {"a": 1}}}, {"checkpoint_id": str(uuid4())}],
    ids=["goto", "update", "fork"],
)
def test_operator_neither_steers_nor_forks(tenant: Tenant, way: dict[str, object]) -> None:
    actor = make_person(tenant, Role.OPERATOR).actor
    thread = make_thread(tenant, actor)
    with pytest.raises(NotAllowed, match=r"state\.update"):
        create_run(actor=actor, thread_id=thread.thread_id, request=request(**way), streamed=False)


def test_graph_name_that_does_not_exist_lists_the_others(tenant: Tenant, owner: Person) -> None:
    with pytest.raises(Invalid, match="approval"):
        create_run(actor=owner.actor, thread_id=None, request=request(assistant_id="ghost"), streamed=False)


def test_hidden_thread_takes_no_second_run(tenant: Tenant, owner: Person) -> None:
    """It would be removed with the thread, a minute after the first one has ended."""
    run = create_run(actor=owner.actor, thread_id=None, request=request(), streamed=False)
    with pytest.raises(Conflict, match="ends with it"):
        create_run(actor=owner.actor, thread_id=run.thread_id, request=request(), streamed=False)
    kept = create_run(actor=owner.actor, thread_id=None, request=request(on_completion="keep"), streamed=False)
    assert create_run(actor=owner.actor, thread_id=kept.thread_id, request=request(), streamed=False).status == "pending"


def test_delayed_run_is_due_later_and_says_so(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for thread_id in (thread.thread_id, None):
        run = create_run(actor=owner.actor, thread_id=thread_id, request=request(after_seconds=90.5), streamed=False)
        kept = Run.objects.for_tenant(tenant.tenant_id).get(run_id=run.run_id)
        assert kept.created_at - kept.updated_at == timedelta(seconds=90.5)
        assert (kept.run_at, kept.created_at, kept.updated_at) == (kept.created_at, run.created_at, run.updated_at)
    assert stored(tenant, thread).status == "busy"


def test_nobody_is_woken_for_a_delayed_run(tenant: Tenant, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(queue, "wake", sent.append)
    thread = make_thread(tenant, owner.actor)
    for delay in (60, 0):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request(after_seconds=delay), streamed=False)
    assert len(sent) == 1


def test_operator_does_not_overtake_a_delayed_answer_with_new_input(tenant: Tenant) -> None:
    """Else the gate that was answered would be dropped: the run in front starts the graph over."""
    actor = make_person(tenant, Role.OPERATOR).actor
    thread = make_thread(tenant, actor)
    make_run(tenant, thread, "pending", resume_ids=["0" * 32])
    create_run(actor=actor, thread_id=thread.thread_id, request=request(), streamed=False)
    make_run(tenant, thread, "pending", resume_ids=["1" * 32], run_at=now() + timedelta(hours=1))
    with pytest.raises(NotAllowed, match=r"state\.update"):
        create_run(actor=actor, thread_id=thread.thread_id, request=request(), streamed=False)
