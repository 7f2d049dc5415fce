"""Changing assistants: every change is a version."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from assistants.models import Assistant, AssistantVersion
from assistants.services.assistants import get_assistant
from assistants.wire import assistant_json
from tenants.actors import Actor, Role
from tenants.database.context import acting_for
from tenants.exceptions import NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.assistants.services.made import created, patched
from tests.builders import Person, actor_of


def test_metadata_is_merged_and_the_rest_replaced(owner: Person) -> None:
    row = created(owner.actor, name="Helper", description="d1", config={"tags": ["t1"], "configurable": {"a": 1}}, metadata={"a": 1})
    second = patched(owner.actor, row, metadata={"b": 2}, name="Helper 2")
    assert (second.version, second.metadata, second.name, second.config["tags"]) == (2, {"a": 1, "b": 2}, "Helper 2", ["t1"])
    third = patched(owner.actor, row, config={"configurable": {"user_id": "cat"}})
    assert (third.config, third.context) == ({"configurable": {"user_id": "cat"}}, {"user_id": "cat"})
    fourth = patched(owner.actor, row, context={"user_id": "dan"})
    assert (fourth.config, fourth.context) == ({"configurable": {"user_id": "dan"}}, {"user_id": "dan"})
    fifth = patched(owner.actor, row, graph_id="factory", description="d2")
    assert (fifth.graph_id, fifth.description, fifth.context) == ("factory", "d2", {"user_id": "dan"})
    assert assistant_json(get_assistant(actor=owner.actor, assistant_id=row.assistant_id)) == assistant_json(fifth)


def test_an_empty_patch_is_a_version(owner: Person) -> None:
    row = created(owner.actor)
    again = patched(owner.actor, row)
    assert again.version == 2
    assert again.updated_at > row.updated_at and again.created_at == row.created_at


def test_an_earlier_version_never_changes(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor, name="one")
    patched(owner.actor, row, name="two")
    versions = AssistantVersion.objects.for_tenant(tenant.tenant_id).filter(assistant_id=row.assistant_id).order_by("version")
    assert [version.name for version in versions] == ["one", "two"]


def test_changes_at_the_same_time_are_versions_of_their_own(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor)

    def change(number: int) -> int:
        with acting_for(tenant.tenant_id):
            try:
                return patched(owner.actor, row, metadata={str(number): number}).version
            finally:
                connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(12))) == list(range(2, 14))
    stored = Assistant.objects.for_tenant(tenant.tenant_id).get(assistant_id=row.assistant_id)
    assert (stored.version, len(stored.metadata)) == (13, 12)


def test_an_unknown_graph_leaves_everything(owner: Person) -> None:
    row = created(owner.actor)
    with pytest.raises(NotFound, match="Graph 'nope' not found"):
        patched(owner.actor, row, graph_id="nope", name="lost")
    assert assistant_json(get_assistant(actor=owner.actor, assistant_id=row.assistant_id)) == assistant_json(row)


def test_unknown_and_foreign_ones_do_not_exist(owner: Person, stranger: Person) -> None:
    row = created(owner.actor)
    ghost = Assistant(assistant_id=uuid4())
    for actor, target in ((owner.actor, ghost), (stranger.actor, row)):
        with acting_for(actor.tenant_id), pytest.raises(NotFound, match=f"^Assistant {target.assistant_id} not found$"):
            patched(actor, target)


def test_who_may_not_update_learns_only_of_what_exists(owner: Person, tenant: Tenant) -> None:
    row, operator = created(owner.actor), actor_of(tenant, Role.OPERATOR)
    with pytest.raises(NotAllowed, match=r"assistant\.update"):
        patched(operator, row)
    with pytest.raises(NotFound):
        patched(operator, Assistant(assistant_id=uuid4()))


def test_it_is_audited(owner: Person, tenant: Tenant) -> None:
    patched(owner.actor, created(owner.actor, name="one"), name="two")
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="assistant.update")
    assert (event.before, event.after) == (
        {"version": 1, "graph_id": "memory", "name": "one"},
        {"version": 2, "graph_id": "memory", "name": "two"},
    )


def test_three_statements(owner: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = created(owner.actor)
    with django_assert_num_queries(5):  # BEGIN and COMMIT are two of them
        patched(owner.actor, row)


def test_versions_cannot_be_changed_by_the_application(owner: Person, tenant: Tenant) -> None:
    row, actor = created(owner.actor), owner.actor
    assert isinstance(actor, Actor)
    with pytest.raises(Exception, match="permission denied"):
        AssistantVersion.objects.for_tenant(tenant.tenant_id).filter(assistant_id=row.assistant_id).update(name="forged")
