"""Members."""

from uuid import UUID, uuid4

import pytest
from django.db import connection

from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotAllowed, NotFound
from tenants.models import AuditEvent, Member, Tenant, User
from tenants.services.members import add_member, change_role, list_members, member_by_email, remove_member
from tenants.wire import Page
from tests.builders import actor_of, make_member, make_tenant, new_address
from tests.statements import statements


def role_of(tenant: Tenant, user_id: UUID) -> str:
    return Member.objects.for_tenant(tenant.tenant_id).get(user_id=user_id).role


def test_a_new_person_becomes_a_user_and_a_member(tenant: Tenant) -> None:
    email = new_address()
    member, user = add_member(actor=actor_of(tenant, Role.ADMIN), email=f" {email.upper()} ", role=Role.REVIEWER, name="Ann")
    assert user == User.objects.get(email=email)
    assert (member.user_id, member.role, user.name, user.has_usable_password()) == (user.user_id, "reviewer", "Ann", False)
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).get().action == "member.add"


def test_a_person_is_a_member_of_two_tenants(tenant: Tenant) -> None:
    email, other = new_address(), make_tenant()
    first, _ = add_member(actor=actor_of(tenant, Role.OWNER), email=email, role=Role.OWNER)
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


def test_a_long_name_is_refused(tenant: Tenant) -> None:
    with pytest.raises(Invalid, match="200"):
        add_member(actor=actor_of(tenant, Role.ADMIN), email=new_address(), role=Role.VIEWER, name="x" * 201)


def test_members_are_listed_by_email_in_pages(tenant: Tenant) -> None:
    emails = sorted(f"{letter}-{new_address()}" for letter in "cab")
    for email in reversed(emails):
        make_member(tenant, email=email)
    admin = actor_of(tenant, Role.ADMIN)
    assert [user.email for _, user in list_members(actor=admin)] == emails
    assert [user.email for _, user in list_members(actor=admin, page=Page(limit=1))] == emails[:2]  # one more, which says so
    assert [user.email for _, user in list_members(actor=admin, page=Page(limit=1, offset=2))] == emails[2:]


def test_a_role_is_changed_and_both_are_audited(tenant: Tenant) -> None:
    user_id = make_member(tenant, Role.VIEWER)
    member, user = change_role(actor=actor_of(tenant, Role.ADMIN), user_id=user_id, role=Role.DEVELOPER)
    assert (member.role, role_of(tenant, user_id), user.user_id) == ("developer", "developer", user_id)
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="member.update")
    assert (event.before, event.after, event.target_id) == ({"role": "viewer"}, {"role": "developer"}, str(user_id))


def test_the_same_role_again_is_no_change(tenant: Tenant) -> None:
    user_id = make_member(tenant, Role.OWNER)
    change_role(actor=actor_of(tenant, Role.OWNER), user_id=user_id, role=Role.OWNER)
    assert not AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="member.update").exists()


def test_an_admin_neither_makes_nor_unmakes_owners(tenant: Tenant) -> None:
    admin, owner, viewer = actor_of(tenant, Role.ADMIN), make_member(tenant, Role.OWNER), make_member(tenant, Role.VIEWER)
    make_member(tenant, Role.OWNER)
    with pytest.raises(NotAllowed, match="'owner'"):
        change_role(actor=admin, user_id=viewer, role=Role.OWNER)
    with pytest.raises(NotAllowed, match="'owner'"):
        change_role(actor=admin, user_id=owner, role=Role.VIEWER)
    with pytest.raises(NotAllowed, match="'owner'"):
        remove_member(actor=admin, user_id=owner)
    assert (role_of(tenant, owner), role_of(tenant, viewer)) == ("owner", "viewer")


def test_a_developer_changes_no_member(tenant: Tenant) -> None:
    user_id = make_member(tenant, Role.VIEWER)
    for change in (
        lambda: change_role(actor=actor_of(tenant), user_id=user_id, role=Role.OPERATOR),
        lambda: remove_member(actor=actor_of(tenant), user_id=user_id),
    ):
        with pytest.raises(NotAllowed, match=r"member\.write"):
            change()


def test_the_last_owner_stays_owner(tenant: Tenant) -> None:
    owner, last = actor_of(tenant, Role.OWNER), make_member(tenant, Role.OWNER)
    make_member(tenant, Role.ADMIN)
    with pytest.raises(Conflict, match="last owner"):
        change_role(actor=owner, user_id=last, role=Role.ADMIN)
    with pytest.raises(Conflict, match="last owner"):
        remove_member(actor=owner, user_id=last)
    second = make_member(tenant, Role.OWNER)
    remove_member(actor=owner, user_id=last)
    with pytest.raises(Conflict, match="last owner"):
        remove_member(actor=owner, user_id=second)


def test_a_removed_member_can_be_added_again_and_keeps_the_account(tenant: Tenant) -> None:
    admin, email = actor_of(tenant, Role.ADMIN), new_address()
    member, _ = add_member(actor=admin, email=email, role=Role.VIEWER)
    remove_member(actor=admin, user_id=member.user_id)
    assert list_members(actor=admin) == []
    again, _ = add_member(actor=admin, email=email, role=Role.OPERATOR)
    assert again.user_id == member.user_id
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="member.remove")
    assert (event.before, event.target_id) == ({"role": "viewer"}, str(member.user_id))


def test_a_member_of_another_tenant_does_not_exist(tenant: Tenant) -> None:
    other = make_tenant()
    with acting_for(other.tenant_id):
        email = new_address()
        foreign = make_member(other, email=email)
    for user_id in (foreign, uuid4()):
        with pytest.raises(NotFound, match=f"Member with user ID {user_id} not found"):
            change_role(actor=actor_of(tenant, Role.OWNER), user_id=user_id, role=Role.VIEWER)
        with pytest.raises(NotFound):
            remove_member(actor=actor_of(tenant, Role.OWNER), user_id=user_id)
    with pytest.raises(NotFound, match="member list"):
        member_by_email(actor=actor_of(tenant, Role.OWNER), email=email)


def test_what_changing_members_costs(tenant: Tenant) -> None:
    owner, first = actor_of(tenant, Role.OWNER), make_member(tenant, Role.OWNER)
    make_member(tenant, Role.OWNER)
    with statements() as listing:
        list_members(actor=owner, page=Page())
    with statements() as adding:  # account, its insert between a savepoint and its end, member, audit
        add_member(actor=owner, email=new_address(), role=Role.VIEWER)
    with statements() as changing:  # tenant's lock, member, another owner, update, audit, account
        change_role(actor=owner, user_id=first, role=Role.ADMIN)
    with statements() as removing:  # without the question for another owner
        remove_member(actor=owner, user_id=first)
    assert [len(each) for each in (listing, adding, changing, removing)] == [2, 6, 6, 4]
