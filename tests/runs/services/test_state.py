"""Reading and writing thread state."""

from uuid import uuid4

import pytest

from runs.models import Interrupt, Run, Thread
from runs.services.state import get_history, get_state, patch_state, update_state
from runs.services.threads import create_thread
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StatePatch, StateUpdate, state_json
from runs.wire.threads import ThreadCreate
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import BadRequest, Conflict, NotAllowed, NotFound
from tenants.models import AuditEvent, Json, Tenant
from tests.builders import Person, actor_of, make_run, make_thread
from tests.statements import statements

NEWEST = StateAt(CheckpointRef(), False)


def update(**body: object) -> StateUpdate:
    """A body."""
    return StateUpdate.parse(body)


def stored(thread: Thread) -> Thread:
    """The thread's row as it is now."""
    return Thread.objects.for_tenant(thread.tenant_id).get(thread_id=thread.thread_id)


@pytest.fixture
def thread(tenant: Tenant, owner: Person) -> Thread:
    """A thread whose metadata names a graph, so that it can be written without a run."""
    return create_thread(actor=owner.actor, request=ThreadCreate.parse({"metadata": {"graph_id": "slow"}}))


def test_thread_that_never_ran_has_an_empty_state(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    state = state_json(get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST))
    assert (state["values"], state["next"], state["metadata"], state["checkpoint"], state["created_at"]) == ({}, [], None, None, None)
    assert get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(10)) == []


def test_update_moves_state_and_row_together(owner: Person, thread: Thread) -> None:
    written = update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 5}))
    state = state_json(get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST))
    assert (state["values"], state["next"], state["checkpoint_id"]) == ({"tick": 5}, ["work"], written["checkpoint_id"])
    assert state["metadata"] == {"graph_id": "slow", "thread_id": str(thread.thread_id), "source": "update", "step": 0, "parents": {}}
    assert state["checkpoint"] and state["checkpoint"]["thread_id"] == str(thread.thread_id)
    row = stored(thread)
    assert (row.values, row.status, row.head_checkpoint_id, row.error) == ({"tick": 5}, "interrupted", written["checkpoint_id"], None)
    assert row.state_updated_at > thread.state_updated_at


def test_update_is_audited_without_its_values(tenant: Tenant, owner: Person, thread: Thread) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 5}, as_node="work"))
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="state.update")
    assert (event.target_id, event.actor) == (str(thread.thread_id), owner.actor.identity)
    assert event.after is not None and event.after["as_node"] == "work" and "tick" not in str(event.after)


def test_update_at_a_checkpoint_is_a_fork(owner: Person, thread: Thread) -> None:
    first = update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 2}))
    fork = update_state(
        actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tag": "f"}, checkpoint_id=first["checkpoint_id"])
    )
    state = state_json(get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST))
    assert (state["values"], state["checkpoint_id"]) == ({"tick": 1, "tag": "f"}, fork["checkpoint_id"])
    assert state["parent_checkpoint_id"] == first["checkpoint_id"]


def test_state_and_history_at_a_checkpoint(owner: Person, thread: Thread) -> None:
    ids = [
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": tick}))["checkpoint_id"]
        for tick in (1, 2, 3)
    ]
    at = StateAt(CheckpointRef(ids[1]), False)
    assert get_state(actor=owner.actor, thread_id=thread.thread_id, at=at).values == {"tick": 2}

    def page(**body: object) -> list[object]:
        states = get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest.parse(body))
        return [state.values["tick"] for state in states]

    assert page() == [3]
    assert page(limit=10) == [3, 2, 1]
    assert page(limit=10, before=ids[2]) == [2, 1]
    assert page(limit=10, checkpoint={"checkpoint_id": ids[1]}) == [2]
    assert page(limit=10, metadata={"step": 1}) == [2]
    assert page(limit=0) == []


def test_as_node_end_leaves_nothing_to_do(owner: Person, thread: Thread) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values=None, as_node="__end__"))
    assert stored(thread).status == "idle"


@pytest.mark.parametrize(
    ("body", "text"),
    [({"values": {}, "as_node": "ghost"}, "Node ghost does not exist"), ({"values": [{"tick": 1}], "as_node": "work"}, "Expected dict")],
)
def test_what_the_graph_refuses_leaves_nothing(owner: Person, thread: Thread, body: dict[str, object], text: str) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    with pytest.raises(BadRequest, match=text):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(**body))
    assert len(get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(10))) == 1


def test_thread_without_graph_cannot_be_written(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    with pytest.raises(BadRequest, match="has no assigned graph ID"):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))


def test_thread_of_a_graph_that_is_gone_says_so(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, graph_id="retired")
    with pytest.raises(Conflict, match="'retired', which this server does not have"):
        get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST)


def test_busy_thread_is_not_written(tenant: Tenant, owner: Person, thread: Thread) -> None:
    run = make_run(tenant, thread, status="running", graph_id="slow")
    with pytest.raises(Conflict, match=f"in-flight runs: {run.run_id}"):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER, Role.OPERATOR])
def test_only_developers_write_state(tenant: Tenant, thread: Thread, role: Role) -> None:
    actor = actor_of(tenant, role)
    assert get_state(actor=actor, thread_id=thread.thread_id, at=NEWEST).values == {}
    with pytest.raises(NotAllowed):
        update_state(actor=actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))


def test_state_of_another_tenants_thread_does_not_exist(owner: Person, thread: Thread, stranger: Person) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    with acting_for(stranger.actor.tenant_id):
        for use in (
            lambda: get_state(actor=stranger.actor, thread_id=thread.thread_id, at=NEWEST),
            lambda: get_history(actor=stranger.actor, thread_id=thread.thread_id, request=HistoryRequest(10)),
            lambda: update_state(actor=stranger.actor, thread_id=thread.thread_id, request=update(values={})),
        ):
            with pytest.raises(NotFound, match=f"Thread with ID {thread.thread_id} not found"):
                use()


def test_two_tenants_may_use_the_same_thread_id(owner: Person, thread: Thread, stranger: Person) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    with acting_for(stranger.actor.tenant_id):
        create_thread(actor=stranger.actor, request=ThreadCreate(thread.thread_id, {"graph_id": "slow"}, "raise"))
        assert get_state(actor=stranger.actor, thread_id=thread.thread_id, at=NEWEST).values == {}
        update_state(actor=stranger.actor, thread_id=thread.thread_id, request=update(values={"tick": 9}))
    assert get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST).values == {"tick": 1}


def test_get_state_takes_two_statements_of_ours_and_the_savers_one(owner: Person, thread: Thread) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    with statements() as sent:
        get_state(actor=owner.actor, thread_id=thread.thread_id, at=NEWEST)
    assert len(sent) <= 3  # the saver's own statement is not seen here: psycopg's cursor sends it


def test_update_supersedes_an_open_interrupt(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor, interrupted=True, graph_id="approval")
    written = update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"answers": ["x"]}, as_node="ask"))
    interrupt = Interrupt.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert (interrupt.status, interrupt.closed_by) == ("superseded", f"update:{written['checkpoint_id']}")
    assert (stored(thread).status, stored(thread).interrupts) == ("interrupted", {})
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="interrupt.supersede", target_id=interrupt.interrupt_id).exists()


def test_metadata_of_the_newest_state_is_patched(tenant: Tenant, owner: Person, thread: Thread) -> None:
    for tick in (1, 2):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": tick}))
    patch = StatePatch.parse({"metadata": {"mark": 1, "run_id": "theirs", "source": "fork", "langgraph_x": 1, "step": 9}})
    with statements() as sent:
        patch_state(actor=owner.actor, thread_id=thread.thread_id, request=patch)
    assert len(sent) == 4  # lock, runs, metadata, audit
    newest, older = get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(10))
    assert newest.metadata is not None and older.metadata is not None
    told: Json = dict(newest.metadata)
    assert (told["mark"], told["source"], told["step"], "run_id" in told, "langgraph_x" in told) == (1, "update", 1, False, False)
    assert "mark" not in older.metadata
    marked = get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(10, metadata={"mark": 1}))
    assert [state.values for state in marked] == [{"tick": 2}]
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="state.patch")
    assert event.after is not None and event.after["metadata_keys"] == ["mark"]


def test_what_has_no_state_or_runs_is_not_patched(tenant: Tenant, owner: Person, thread: Thread) -> None:
    patch = StatePatch({"mark": 1})
    with pytest.raises(Conflict, match="has no state yet"):
        patch_state(actor=owner.actor, thread_id=thread.thread_id, request=patch)
    make_run(tenant, thread, status="running", graph_id="slow")
    with pytest.raises(Conflict, match="in-flight runs"):
        patch_state(actor=owner.actor, thread_id=thread.thread_id, request=patch)
    with pytest.raises(NotAllowed):
        patch_state(actor=actor_of(tenant, Role.OPERATOR), thread_id=thread.thread_id, request=patch)


def test_unknown_checkpoint_is_an_empty_state(owner: Person, thread: Thread) -> None:
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=update(values={"tick": 1}))
    at = StateAt(CheckpointRef(str(uuid4())), False)
    assert get_state(actor=owner.actor, thread_id=thread.thread_id, at=at).values == {}
    assert not Run.objects.for_tenant(owner.actor.tenant_id).exists()
