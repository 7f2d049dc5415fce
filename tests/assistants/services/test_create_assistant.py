"""Creating assistants."""

from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assistants.models import Assistant, AssistantVersion
from assistants.services.assistants import delete_assistant, get_assistant
from assistants.wire import assistant_json
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.assistants.services.made import created, patched
from tests.builders import Person, actor_of


def test_only_the_graph_is_needed(owner: Person) -> None:
    row = assistant_json(created(owner.actor))
    assert {key: value for key, value in row.items() if key not in ("assistant_id", "created_at", "updated_at")} == {
        "graph_id": "memory",
        "config": {},
        "context": {},
        "metadata": {},
        "name": "Untitled",
        "version": 1,
        "description": None,
    }
    assert row["created_at"] == row["updated_at"]


def test_what_is_answered_is_what_is_stored(owner: Person) -> None:
    row = created(owner.actor, name="Helper", description="d1", config={"tags": ["t"], "configurable": {"a": "\ufffd"}}, metadata={"t": 1})
    assert assistant_json(get_assistant(actor=owner.actor, assistant_id=row.assistant_id)) == assistant_json(row)


def test_the_first_version_is_the_assistant(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor, name="Helper", context={"user_id": "bob"})
    version = AssistantVersion.objects.for_tenant(tenant.tenant_id).get(assistant_id=row.assistant_id)
    assert (version.version, version.name, version.context, version.author) == (1, "Helper", {"user_id": "bob"}, owner.actor.identity)


def test_an_unknown_graph_is_not_found(owner: Person) -> None:
    with pytest.raises(NotFound, match=r"Graph 'nope' not found. Expected one of: \['approval', 'chat'"):
        created(owner.actor, "nope")


def test_a_taken_id_is_refused_or_returned_unchanged(owner: Person) -> None:
    first = created(owner.actor, name="First")
    with pytest.raises(Conflict, match=f"Assistant {first.assistant_id} already exists"):
        created(owner.actor, assistant_id=str(first.assistant_id))
    again = created(owner.actor, "chat", assistant_id=str(first.assistant_id), name="Other", if_exists="do_nothing")
    assert assistant_json(again) == assistant_json(first)


@pytest.mark.parametrize("if_exists", ["raise", "do_nothing"])
def test_the_id_of_a_deleted_assistant_can_be_used_again(owner: Person, if_exists: str) -> None:
    first = patched(owner.actor, created(owner.actor, name="First"), name="Second")
    delete_assistant(actor=owner.actor, assistant_id=first.assistant_id, now=timezone.now())
    again = created(owner.actor, "chat", assistant_id=str(first.assistant_id), if_exists=if_exists)
    assert (again.graph_id, again.name, again.version) == ("chat", "Untitled", 3)
    assert again.created_at > first.updated_at
    assert assistant_json(get_assistant(actor=owner.actor, assistant_id=first.assistant_id)) == assistant_json(again)


def test_an_id_of_another_tenant_is_free(owner: Person, stranger: Person) -> None:
    first = created(owner.actor, name="ours")
    with acting_for(stranger.actor.tenant_id):
        with pytest.raises(NotFound):
            get_assistant(actor=stranger.actor, assistant_id=first.assistant_id)
        created(stranger.actor, assistant_id=str(first.assistant_id), name="theirs")
    assert get_assistant(actor=owner.actor, assistant_id=first.assistant_id).name == "ours"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.REVIEWER])
def test_who_may_not_create_is_refused(tenant: Tenant, role: Role) -> None:
    with pytest.raises(NotAllowed, match=r"assistant\.create"):
        created(actor_of(tenant, role), assistant_id=str(uuid4()))
    assert not Assistant.objects.for_tenant(tenant.tenant_id).filter(name="Untitled").exists()


def test_it_is_audited_without_configuration(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor, context={"secret": "x"})
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="assistant.create")
    assert (event.actor, event.target_type, event.target_id) == (owner.actor.identity, "assistant", str(row.assistant_id))
    assert event.after == {"version": 1, "graph_id": "memory", "name": "Untitled"}


def test_two_statements(owner: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    created(owner.actor)
    with django_assert_num_queries(4):  # BEGIN and COMMIT are two of them
        created(owner.actor)
