"""Deleting assistants."""

from uuid import uuid4

import pytest
from django.utils import timezone

from assistants.models import Assistant
from assistants.services.assistants import builtin_id, delete_assistant, ensured, get_assistant, search_assistants
from assistants.wire import AssistantSearch
from tenants.actors import Actor, Role
from tenants.exceptions import NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.assistants.services.made import created, patched
from tests.builders import Person, actor_of


def deleted(actor: Actor, row: Assistant) -> None:
    delete_assistant(actor=actor, assistant_id=row.assistant_id, now=timezone.now())


def test_a_deleted_assistant_does_not_exist(owner: Person) -> None:
    row = created(owner.actor, name="gone")
    deleted(owner.actor, row)
    with pytest.raises(NotFound, match=f"^Assistant with ID {row.assistant_id} not found$"):
        deleted(owner.actor, row)
    with pytest.raises(NotFound):
        get_assistant(actor=owner.actor, assistant_id=row.assistant_id)
    with pytest.raises(NotFound):
        patched(owner.actor, row)
    assert search_assistants(actor=owner.actor, request=AssistantSearch.parse({"name": "gone"})) == ([], False)


def test_a_deleted_builtin_stays_deleted_in_every_process(owner: Person) -> None:
    chat = get_assistant(actor=owner.actor, assistant_id=builtin_id("chat"))
    deleted(owner.actor, chat)
    ensured.known = set()  # as in another process
    with pytest.raises(NotFound):
        get_assistant(actor=owner.actor, assistant_id=chat.assistant_id)


def test_who_may_not_delete_is_refused(owner: Person, tenant: Tenant) -> None:
    row, operator = created(owner.actor), actor_of(tenant, Role.OPERATOR)
    with pytest.raises(NotAllowed, match=r"assistant\.delete"):
        deleted(operator, row)
    with pytest.raises(NotFound):
        deleted(operator, Assistant(assistant_id=uuid4()))
    assert get_assistant(actor=operator, assistant_id=row.assistant_id).deleted_at is None


def test_it_is_audited(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor)
    deleted(owner.actor, row)
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="assistant.delete")
    assert (event.target_id, event.before) == (str(row.assistant_id), {"version": 1, "graph_id": "memory", "name": "Untitled"})
