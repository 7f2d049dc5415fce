"""What a run is pinned to, and graphs that are not there."""

import pytest

from assistants.registry.loader import LoadedGraph, registry
from runs.models import Thread
from runs.services.heads import graph_of
from runs.services.runs import create_run
from runs.wire.runs import RunRequest
from tenants.actors import Role
from tenants.exceptions import Conflict, Invalid, NotAllowed
from tenants.models import Tenant
from tests.builders import Person, actor_of, make_assistant, make_thread


def request(assistant: object) -> RunRequest:
    """A body."""
    return RunRequest.parse({"assistant_id": str(assistant), "input": {}})


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """A graph that did not load."""
    monkeypatch.setitem(registry().entries, "broken", LoadedGraph("broken", None, "r", "f", error="ImportError: no"))
    return "broken"


def test_a_run_is_pinned_to_version_and_fingerprint(tenant: Tenant, owner: Person) -> None:
    assistant = make_assistant(tenant, "approval", version=3, config={"tags": ["a"]}, metadata={"src": "assistant"})
    run = create_run(actor=owner.actor, thread_id=None, request=request(assistant.assistant_id), streamed=True)
    assert (run.assistant_version, run.graph_id, run.graph_fingerprint) == (3, "approval", registry().get("approval").fingerprint)
    assert (run.kwargs["config"]["tags"], run.metadata["src"], run.streamed) == (["a"], "assistant", True)


def test_an_assistant_whose_graph_is_gone_cannot_run(tenant: Tenant, owner: Person) -> None:
    assistant = make_assistant(tenant, "retired")
    with pytest.raises(Invalid, match="Graph 'retired' not found"):
        create_run(actor=owner.actor, thread_id=None, request=request(assistant.assistant_id), streamed=False)


def test_a_graph_that_did_not_load_is_named(tenant: Tenant, owner: Person, broken: str) -> None:
    assistant = make_assistant(tenant, broken)
    with pytest.raises(Invalid, match="Graph 'broken' could not be loaded: ImportError: no"):
        create_run(actor=owner.actor, thread_id=None, request=request(assistant.assistant_id), streamed=False)
    with pytest.raises(Conflict, match="'broken', which could not be loaded"):
        graph_of(make_thread(tenant, owner.actor, graph_id=broken))


def test_metadata_names_a_graph_only_before_the_first_run() -> None:
    assert graph_of(Thread(metadata={"graph_id": 7})) is None
    found = graph_of(Thread(metadata={"graph_id": "slow"}, graph_id="approval"))
    assert found is not None and found.graph_id == "approval"


def test_a_stateless_run_steers_only_with_state_update(tenant: Tenant) -> None:
    steering = RunRequest.parse({"assistant_id": "approval", "command": {"goto": "act"}})
    with pytest.raises(NotAllowed, match=r"state\.update"):
        create_run(actor=actor_of(tenant, Role.OPERATOR), thread_id=None, request=steering, streamed=False)
    create_run(actor=actor_of(tenant, Role.DEVELOPER), thread_id=None, request=steering, streamed=False)
