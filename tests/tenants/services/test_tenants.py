"""Tenants."""

from typing import Any

import pytest

from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotAllowed, NotFound
from tenants.models import INTERRUPT_KINDS, AuditEvent, Tenant
from tenants.policy import GRANTS
from tenants.services.tenants import create_tenant, list_tenants, own_tenant, patch_tenant, tenant_by_slug
from tenants.wire import TenantPatch
from tests.builders import actor_of, make_tenant
from tests.statements import statements


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


def patch(tenant: Tenant, body: Any, role: Role = Role.OWNER) -> dict[str, Any]:
    """The settings that are stored then."""
    return patch_tenant(actor=actor_of(tenant, role), request=TenantPatch.parse(body)).tenant.settings


def test_everybody_learns_who_they_are(tenant: Tenant) -> None:
    for role in Role:
        own = own_tenant(actor=actor_of(tenant, role))
        assert (own.tenant, set(own.permissions)) == (tenant, set(GRANTS[role]))
    assert own.limits["page_rows"] == 1000


def test_an_owner_changes_name_and_settings_and_what_differs_is_audited(tenant: Tenant) -> None:
    patch(tenant, {"name": " New ", "settings": {"owner_answers": ["form"], "keys_need_second_person": False}})
    stored = Tenant.objects.get(tenant_id=tenant.tenant_id)
    assert (stored.name, stored.settings) == ("New", {"owner_answers": ["form"], "keys_need_second_person": False})
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get()
    assert (event.action, event.target_id) == ("tenant.update", str(tenant.tenant_id))
    assert event.before == {"name": tenant.name, "owner_answers": ["question", "form"]}
    assert event.after == {"name": "New", "owner_answers": ["form"]}


def test_settings_that_are_not_named_stay(tenant: Tenant) -> None:
    patch(tenant, {"settings": {"keys_need_second_person": True}})
    assert patch(tenant, {"settings": {"members_need_second_person": False}}) == {
        "keys_need_second_person": True,
        "members_need_second_person": False,
    }


@pytest.mark.parametrize("body", [{}, {"settings": {}}, {"settings": {"members_need_second_person": True}}])
def test_what_changes_nothing_is_not_audited(tenant: Tenant, body: Any) -> None:
    patch(tenant, body)
    assert not AuditEvent.objects.for_tenant(tenant.tenant_id).exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.ADMIN])
def test_others_change_nothing(tenant: Tenant, role: Role) -> None:
    with pytest.raises(NotAllowed, match=r"tenant\.write"):
        patch(tenant, {"name": "mine"}, role)


@pytest.mark.parametrize("kind", INTERRUPT_KINDS)
def test_each_kind_of_interrupt_can_be_left_to_owners(tenant: Tenant, kind: str) -> None:
    assert patch(tenant, {"settings": {"owner_answers": [kind]}}) == {"owner_answers": [kind]}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"name": ""},
        {"name": " "},
        {"name": None},
        {"slug": "x"},
        {"settings": {"owner_answers": "form"}},
        {"settings": {"owner_answers": ["anything"]}},
        {"settings": {"owner_answers": ["form", "form"]}},
        {"settings": {"keys_need_second_person": 1}},
        {"settings": {"key_needs_second_person": True}},
    ],
)
def test_odd_settings_are_refused(tenant: Tenant, body: Any) -> None:
    with pytest.raises(Invalid):
        patch(tenant, body)


def test_what_reading_and_changing_the_tenant_costs(tenant: Tenant) -> None:
    with statements() as reading:
        own_tenant(actor=actor_of(tenant))
    with statements() as changing:
        patch(tenant, {"name": "Other"})
    assert (len(reading), len(changing)) == (1, 3)
