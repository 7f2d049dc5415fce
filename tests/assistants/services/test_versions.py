"""Listing versions, rolling back and forward."""

from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assistants.models import Assistant
from assistants.services.assistants import get_assistant
from assistants.services.versions import list_versions, set_latest
from assistants.wire import VersionSearch, assistant_json, version_json
from tenants.actors import Actor, Role
from tenants.exceptions import NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.assistants.services.made import created, patched
from tests.builders import Person, actor_of


def latest(actor: Actor, row: Assistant, version: int | None) -> Assistant:
    return set_latest(actor=actor, assistant_id=row.assistant_id, version=version, now=timezone.now())


def listed(actor: Actor, row: Assistant, **body: object) -> tuple[list[int], bool]:
    rows, has_more = list_versions(actor=actor, assistant_id=row.assistant_id, request=VersionSearch.parse(body))
    return [version.version for version in rows], has_more


def test_newest_first_in_pages(owner: Person) -> None:
    row = created(owner.actor)
    for number in range(3):
        patched(owner.actor, row, metadata={"n": number})
    assert listed(owner.actor, row) == ([4, 3, 2, 1], False)
    assert listed(owner.actor, row, limit=2) == ([4, 3], True)
    assert listed(owner.actor, row, limit=2, offset=2) == ([2, 1], False)
    assert listed(owner.actor, row, metadata={"n": 1}) == ([3], False)
    assert listed(owner.actor, row, metadata={"n": 9}) == ([], False)


def test_a_version_row_has_no_update_time(owner: Person) -> None:
    row = created(owner.actor, description="d1")
    rows, _ = list_versions(actor=owner.actor, assistant_id=row.assistant_id, request=VersionSearch.parse({}))
    expected = {key: value for key, value in assistant_json(row).items() if key != "updated_at"}
    assert version_json(rows[0]) == expected


def test_an_unknown_assistant_has_no_versions(owner: Person) -> None:
    ghost = Assistant(assistant_id=uuid4())
    with pytest.raises(NotFound, match=f"^Assistant {ghost.assistant_id} not found$"):
        listed(owner.actor, ghost)
    with pytest.raises(NotFound, match=f"^Assistant {ghost.assistant_id} not found$"):
        latest(owner.actor, ghost, 1)


def test_latest_restores_everything_and_counts_on(owner: Person) -> None:
    first = created(owner.actor, name="one", description="d1", context={"user_id": "ann"}, metadata={"a": 1})
    second = patched(owner.actor, first, graph_id="factory", name="two", description="d2", context={"user_id": "bob"}, metadata={"b": 2})
    back = latest(owner.actor, first, 1)
    assert assistant_json(back) | {"updated_at": None} == assistant_json(first) | {"updated_at": None}
    assert assistant_json(get_assistant(actor=owner.actor, assistant_id=first.assistant_id)) == assistant_json(back)
    forward = latest(owner.actor, first, 2)
    assert (forward.graph_id, forward.name, forward.metadata) == (second.graph_id, second.name, second.metadata)
    latest(owner.actor, first, 1)
    third = patched(owner.actor, first, name="three")
    assert (third.version, third.graph_id, third.description) == (3, "memory", "d1")


@pytest.mark.parametrize("version", [99, None, 2**40, -1])
def test_a_missing_version_is_not_found(owner: Person, version: int | None) -> None:
    row = created(owner.actor)
    with pytest.raises(NotFound, match=f"^Version {version} not found for assistant {row.assistant_id}$"):
        latest(owner.actor, row, version)


def test_rolling_out_needs_a_developer(owner: Person, tenant: Tenant) -> None:
    row = created(owner.actor)
    with pytest.raises(NotAllowed, match=r"assistant\.deploy"):
        latest(actor_of(tenant, Role.REVIEWER), row, 1)


def test_it_is_audited(owner: Person, tenant: Tenant) -> None:
    row = patched(owner.actor, created(owner.actor, name="one"), name="two")
    latest(owner.actor, row, 1)
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="assistant.set_latest")
    assert event.before is not None and event.after is not None
    assert (event.before["version"], event.after["version"]) == (2, 1)


def test_one_statement_to_list(owner: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row = created(owner.actor)
    with django_assert_num_queries(1):
        listed(owner.actor, row)
