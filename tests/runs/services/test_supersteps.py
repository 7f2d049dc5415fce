"""Threads made with their history."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from runs.models import Thread, ThreadMetadata
from runs.services.state import get_history
from runs.services.threads import create_thread
from runs.wire.state import HistoryRequest
from runs.wire.threads import ThreadCreate
from tenants.actors import Role
from tenants.exceptions import BadRequest, Conflict, DomainError, Invalid, NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of
from tests.statements import statements

GRAPH = {"graph_id": "slow"}
INPUT = {"updates": [{"values": {"tick": 1, "tag": "imported"}, "as_node": "__input__"}]}
WORK = {"updates": [{"values": {"tick": 2}, "as_node": "work"}]}
GHOST = {"updates": [{"values": {"tick": 2}, "as_node": "ghost"}]}


def body(*supersteps: Any, **fields: Any) -> ThreadCreate:
    """A body."""
    return ThreadCreate.parse({"metadata": GRAPH, "supersteps": list(supersteps)} | fields)


def test_each_superstep_is_a_checkpoint(tenant: Tenant, owner: Person) -> None:
    made = create_thread(actor=owner.actor, request=body(INPUT, WORK))
    assert (made.status, made.values, made.error, made.interrupts) == ("interrupted", {"tick": 2}, None, {})
    states = get_history(actor=owner.actor, thread_id=made.thread_id, request=HistoryRequest(10))
    assert [(state.values, state.next, (state.metadata or {})["source"]) for state in states] == [
        ({"tick": 2}, ("work",), "update"),
        ({}, ("__start__",), "input"),
    ]
    actions = AuditEvent.objects.for_tenant(tenant.tenant_id).filter(target_id=str(made.thread_id)).order_by("id")
    assert [event.action for event in actions] == ["thread.create", "state.update"]
    assert actions[1].after == {"checkpoint_id": made.head_checkpoint_id, "supersteps": 2}


def test_a_superstep_may_be_a_command_or_several_updates(owner: Person) -> None:
    command = {"updates": [{"values": None, "command": {"update": {"tick": 4}, "goto": "work"}, "as_node": "__input__"}]}
    assert create_thread(actor=owner.actor, request=body(command)).status == "interrupted"
    several = {"updates": [{"values": {"answers": [text]}, "as_node": node} for text, node in (("a", "plan"), ("b", "ask"))]}
    start = {"updates": [{"values": {"mode": "none"}, "as_node": "__start__"}]}
    made = create_thread(actor=owner.actor, request=body(start, several, metadata={"graph_id": "approval"}))
    assert made.values["answers"] == ["a", "b"]


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        (body(INPUT, GHOST), BadRequest, "Node ghost does not exist"),
        (body(INPUT, metadata={}), BadRequest, "has no assigned graph ID"),
        (body(INPUT, metadata={"graph_id": "retired"}), Conflict, "'retired', which this server does not have"),
        (body({"updates": []}), BadRequest, "No updates provided"),
        (body({"updates": [{"values": "text", "as_node": "work"}]}), BadRequest, "Expected dict"),
    ],
    ids=["node", "none", "unknown", "empty", "shape"],
)
def test_what_is_refused_leaves_nothing(tenant: Tenant, owner: Person, request_: ThreadCreate, error: type[DomainError], text: str) -> None:
    with pytest.raises(error, match=text):
        create_thread(actor=owner.actor, request=request_)
    assert not Thread.objects.for_tenant(tenant.tenant_id).exists()
    assert not ThreadMetadata.objects.for_tenant(tenant.tenant_id).exists()
    assert not AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="thread.create").exists()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from checkpoints where tenant_id = %s", [tenant.tenant_id])
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("step", [{}, {"updates": {}}, {"updates": ["x"]}, {"updates": [{"command": {"goto": 5}, "as_node": "a"}]}])
def test_what_is_no_superstep_is_invalid(step: Any) -> None:
    with pytest.raises(Invalid):
        body(step)


def test_a_stored_thread_stays_as_it_is(owner: Person) -> None:
    name = str(uuid4())
    create_thread(actor=owner.actor, request=body(INPUT, thread_id=name))
    again = create_thread(actor=owner.actor, request=body(INPUT, WORK, thread_id=name, if_exists="do_nothing"))
    assert again.values == {}
    with pytest.raises(Conflict, match="already exists"):
        create_thread(actor=owner.actor, request=body(INPUT, thread_id=name))


def test_who_may_not_write_state_imports_none(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    with pytest.raises(NotAllowed, match=r"state\.update"):
        create_thread(actor=operator, request=body(INPUT))
    assert create_thread(actor=operator, request=body()).status == "idle"


def test_statements(owner: Person) -> None:
    with statements() as sent:
        create_thread(actor=owner.actor, request=body(INPUT, WORK))
    assert len(sent) <= 6  # the savers' own statements are not seen here
