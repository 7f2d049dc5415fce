"""The audit log."""

import pytest
from django.db import ProgrammingError, transaction

from tenants.actors import Actor, Role
from tenants.models import AuditEvent, Tenant
from tenants.services import audit
from tests.builders import actor_of


def events(tenant: Tenant) -> list[AuditEvent]:
    return list(AuditEvent.objects.for_tenant(tenant.tenant_id).order_by("id"))


def test_a_row_says_who_did_what_from_where(tenant: Tenant) -> None:
    actor = Actor(tenant.tenant_id, "key:me", Role.ADMIN, address="192.0.2.1", request_id="r-1")
    audit.record(actor, "thread.update", "thread", 7, before={"a": 1}, after={"a": 2})
    (event,) = events(tenant)
    assert (event.actor, event.address, event.request_id) == ("key:me", "192.0.2.1", "r-1")
    assert (event.action, event.target_type, event.target_id) == ("thread.update", "thread", "7")
    assert (event.before, event.after) == ({"a": 1}, {"a": 2})


def test_a_new_row_knows_its_number_and_time(tenant: Tenant) -> None:
    made = AuditEvent.objects.create(tenant_id=tenant.tenant_id, actor="a", action="b", target_type="c", target_id="d")
    assert isinstance(made.id, int)
    assert made.pk == (tenant.tenant_id, made.id)
    assert AuditEvent.objects.get(pk=made.pk).at == made.at


def test_rows_are_written_in_bulk(tenant: Tenant) -> None:
    rows = [AuditEvent(tenant_id=tenant.tenant_id, actor="a", action=str(n), target_type="c", target_id="d") for n in range(3)]
    made = AuditEvent.objects.bulk_create(rows)
    assert [event.action for event in events(tenant)] == ["0", "1", "2"]
    assert all(isinstance(event.id, int) for event in made)


def test_a_record_goes_with_the_callers_transaction(tenant: Tenant) -> None:
    with transaction.atomic():
        audit.record(actor_of(tenant), "a.b", "c", "d")
        transaction.set_rollback(True)
    assert events(tenant) == []


def test_a_refusal_has_a_transaction_of_its_own(tenant: Tenant) -> None:
    audit.refused(actor_of(tenant), "a.b", "c", "d", "not allowed")
    assert [event.after for event in events(tenant)] == [{"refused": "not allowed"}]
    with transaction.atomic(), pytest.raises(RuntimeError):
        audit.refused(actor_of(tenant), "a.b", "c", "d", "would roll back")


def test_a_refusal_is_the_actors_tenants_whoever_is_acted_for(tenant: Tenant) -> None:
    from_elsewhere = actor_of(tenant)
    audit.refused(from_elsewhere, "a.b", "c", "d", "no")
    assert [event.tenant_id for event in events(tenant)] == [tenant.tenant_id]


def test_the_app_role_changes_no_row(tenant: Tenant) -> None:
    audit.record(actor_of(tenant), "a.b", "c", "d")
    rows = AuditEvent.objects.for_tenant(tenant.tenant_id)
    with pytest.raises(ProgrammingError, match="permission denied"):
        rows.update(actor="somebody else")
    with pytest.raises(ProgrammingError, match="permission denied"):
        rows.delete()
