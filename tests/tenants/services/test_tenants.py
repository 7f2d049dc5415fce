"""Tenants."""

import pytest

from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotFound
from tenants.models import AuditEvent, Tenant
from tenants.services.tenants import create_tenant, list_tenants, tenant_by_slug
from tests.builders import make_tenant


def test_a_slug_is_made_from_the_name(database: None) -> None:
    made = create_tenant(name="  Äpfel & Birnen  ")
    assert (made.name, made.slug) == ("Äpfel & Birnen", "apfel-birnen")
    with acting_for(made.tenant_id):
        assert AuditEvent.objects.for_tenant(made.tenant_id).get().action == "tenant.create"


def test_a_taken_slug_is_a_conflict(database: None) -> None:
    create_tenant(name="Twice")
    with pytest.raises(Conflict, match="'twice' is taken"):
        create_tenant(name="Twice!")
    assert create_tenant(name="Twice", slug="thrice").slug == "thrice"


@pytest.mark.parametrize(("name", "slug"), [("", None), ("日本", None), ("x" * 201, None), ("a\0b", None), ("a", "A b"), ("a", "a" * 64)])
def test_odd_names_and_slugs_are_refused(database: None, name: str, slug: str | None) -> None:
    with pytest.raises(Invalid):
        create_tenant(name=name, slug=slug)


def test_commands_find_any_tenant_and_the_app_role_only_its_own(tenant: Tenant) -> None:
    other = make_tenant()
    assert tenant_by_slug(other.slug) == other
    assert {tenant.slug, other.slug} <= {each.slug for each in list_tenants()}
    assert list(Tenant.objects.all()) == [tenant]


def test_an_unknown_tenant_says_how_to_list(database: None) -> None:
    with pytest.raises(NotFound, match="tenant list"):
        tenant_by_slug("nowhere")
