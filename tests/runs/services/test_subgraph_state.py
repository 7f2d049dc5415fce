"""State of subgraphs: read, written, and run from."""

from typing import Any
from uuid import uuid4

import pytest

from runs.models import Thread
from runs.services.runs import create_run
from runs.services.state import get_history, get_state, update_state
from runs.wire.runs import RunRequest
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StateUpdate, updated_json
from tenants.exceptions import BadRequest, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person
from tests.runs.services.test_pruning import nested
from tests.statements import statements


@pytest.fixture
def thread(owner: Person) -> Thread:
    """Waits in the subgraph `middle`."""
    return nested(owner, {"text": "hi", "pause": True})


def namespace(owner: Person, thread: Thread) -> str:
    """Where the subgraph's state is."""
    (task,) = inside(owner, thread, CheckpointRef()).tasks
    return str(task.state["configurable"]["checkpoint_ns"])


def inside(owner: Person, thread: Thread, at: CheckpointRef) -> Any:
    """The subgraph's state."""
    return get_state(actor=owner.actor, thread_id=thread.thread_id, at=StateAt(at, False))


def test_a_subgraphs_state_is_written_where_it_waits(tenant: Tenant, owner: Person, thread: Thread) -> None:
    at = CheckpointRef(None, namespace(owner, thread))
    before = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert inside(owner, thread, at).next == ("gate",)
    update = StateUpdate({"trail": ["gate:skipped"]}, "gate", at)
    written = update_state(actor=owner.actor, thread_id=thread.thread_id, request=update)
    told = updated_json({"configurable": written})["checkpoint"]
    assert (told["thread_id"], told["checkpoint_ns"]) == (str(thread.thread_id), at.checkpoint_ns)
    state = inside(owner, thread, at)
    assert state.values["trail"][-1] == "gate:skipped" and state.next == ("inner",)
    after = Thread.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert (after.head_checkpoint_id, after.values) == (before.head_checkpoint_id, before.values)  # the root's
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="state.update")
    assert event.after is not None and event.after["checkpoint_ns"] == at.checkpoint_ns


def test_a_subgraphs_history_is_its_own(owner: Person, thread: Thread) -> None:
    at = CheckpointRef(None, namespace(owner, thread))
    states = get_history(actor=owner.actor, thread_id=thread.thread_id, request=HistoryRequest(10, checkpoint=at))
    assert [state.next for state in states] == [("gate",), ("__start__",)]
    (older,) = get_history(
        actor=owner.actor,
        thread_id=thread.thread_id,
        request=HistoryRequest(10, before=states[0].config["configurable"]["checkpoint_id"], checkpoint=at),
    )
    assert older.next == ("__start__",)


@pytest.mark.parametrize("at", [CheckpointRef(None, "middle:" + str(uuid4())), CheckpointRef(None, "nowhere:1")])
def test_a_subgraph_that_never_ran_is_not_written(owner: Person, thread: Thread, at: CheckpointRef) -> None:
    with pytest.raises((NotFound, BadRequest)):
        update_state(actor=owner.actor, thread_id=thread.thread_id, request=StateUpdate({}, "gate", at))


def test_a_run_from_a_subgraphs_checkpoint_names_those_around_it(owner: Person, thread: Thread) -> None:
    at = CheckpointRef(None, namespace(owner, thread))
    root = get_state(actor=owner.actor, thread_id=thread.thread_id, at=StateAt(CheckpointRef(), False)).config["configurable"][
        "checkpoint_id"
    ]
    head = inside(owner, thread, at).config["configurable"]["checkpoint_id"]
    for checkpoint_id in (None, head):
        body = {"assistant_id": "nested", "checkpoint": {"checkpoint_ns": at.checkpoint_ns, "checkpoint_id": checkpoint_id}}
        with statements() as sent:
            run = create_run(actor=owner.actor, thread_id=thread.thread_id, request=RunRequest.parse(body), streamed=False)
        assert len(sent) <= 5
        configurable = run.kwargs["config"]["configurable"]
        assert configurable["checkpoint_map"] == {"": root, at.checkpoint_ns: head}
        assert (configurable["checkpoint_ns"], configurable["checkpoint_id"]) == (at.checkpoint_ns, head)


@pytest.mark.parametrize("checkpoint", [{"checkpoint_ns": "nowhere:1"}, {"checkpoint_ns": "middle:1", "checkpoint_id": str(uuid4())}])
def test_a_run_from_an_unknown_subgraph_checkpoint_is_refused(owner: Person, thread: Thread, checkpoint: dict[str, str]) -> None:
    request = RunRequest.parse({"assistant_id": "nested", "checkpoint": checkpoint})
    with pytest.raises(NotFound, match="No such checkpoint in namespace"):
        create_run(actor=owner.actor, thread_id=thread.thread_id, request=request, streamed=False)
