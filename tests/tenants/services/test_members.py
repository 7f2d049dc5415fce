"""Members."""

from uuid import uuid4

import pytest
from django.db import connection

from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotAllowed
from tenants.models import AuditEvent, Member, Tenant, User
from tenants.services.members import add_member, list_members
from tests.builders import actor_of, make_tenant


def new_address() -> str:
    return f"{uuid4().hex}@example.org"


def test_a_new_person_becomes_a_user_and_a_member(tenant: Tenant) -> None:
    email = new_address()
    member = add_member(actor=actor_of(tenant, Role.ADMIN), email=f" {email.upper()} ", role=Role.REVIEWER, name="Ann")
    user = User.objects.get(email=email)
    assert (member.user_id, member.role, user.name, user.has_usable_password()) == (user.user_id, "reviewer", "Ann", False)
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).get().action == "member.add"


def test_a_person_is_a_member_of_two_tenants(tenant: Tenant) -> None:
    email, other = new_address(), make_tenant()
    first = add_member(actor=actor_of(tenant, Role.OWNER), email=email, role=Role.OWNER)
    with acting_for(other.tenant_id):
        add_member(actor=actor_of(other, Role.OWNER), email=email, role=Role.VIEWER)
    assert list(Member.objects.all()) == [first]
    with acting_for(None), connection.cursor() as cursor:
        cursor.execute("select slug, role from memberships_of_1(%s)", [first.user_id])
        assert set(cursor.fetchall()) == {(tenant.slug, "owner"), (other.slug, "viewer")}


def test_a_second_time_is_a_conflict(tenant: Tenant) -> None:
    email = new_address()
    add_member(actor=actor_of(tenant, Role.ADMIN), email=email, role=Role.VIEWER)
    with pytest.raises(Conflict, match="already"):
        add_member(actor=actor_of(tenant, Role.ADMIN), email=email, role=Role.ADMIN)
    assert [(member.role, user.email) for member, user in list_members(actor=actor_of(tenant, Role.ADMIN))] == [("viewer", email)]


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.org", "a\0@example.org"])
def test_what_is_no_address_is_refused(tenant: Tenant, email: str) -> None:
    with pytest.raises(Invalid):
        add_member(actor=actor_of(tenant, Role.ADMIN), email=email, role=Role.VIEWER)


def test_a_developer_adds_nobody(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed):
        add_member(actor=actor_of(tenant), email=new_address(), role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        list_members(actor=actor_of(tenant))


def test_an_admin_adds_no_owner(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed):
        add_member(actor=actor_of(tenant, Role.ADMIN), email=new_address(), role=Role.OWNER)
