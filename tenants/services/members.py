"""Members: people and their role in a tenant. Each change holds the tenant's row, so that the last owner stays one."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tenants.actors import Actor, Role
from tenants.exceptions import Conflict, Invalid, NotFound
from tenants.models import Member, User
from tenants.policy import Permission, require, require_grantable
from tenants.services import audit
from tenants.services.tenants import lock_tenant
from tenants.wire import Page

NAME_LIMIT = 200
Person = tuple[Member, User]


def add_member(*, actor: Actor, email: str, role: Role, name: str = "") -> Person:
    """Make a person a member; the user is created, without a password, where the e-mail is new. A member already is a Conflict."""
    require(actor, Permission.MEMBER_WRITE)
    require_grantable(actor, role)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid(f"'{address}' is not an e-mail address") from error
    if len(name) > NAME_LIMIT or "\0" in name:
        raise Invalid(f"A person's name has at most {NAME_LIMIT} characters")
    try:
        with transaction.atomic():
            user, _ = User.objects.get_or_create(email=address, defaults={"name": name.strip(), "password": "!"})
            member = Member.objects.create(tenant_id=actor.tenant_id, user_id=user.user_id, role=role)
            audit.record(actor, "member.add", "member", user.user_id, after={"role": role})
    except IntegrityError as error:
        raise Conflict(f"'{address}' is a member already") from error
    return member, user


@transaction.atomic
def change_role(*, actor: Actor, user_id: UUID, role: Role) -> Person:
    """Give a member another role; neither the old nor the new one may be above the actor's own. The last owner stays owner: Conflict."""
    member = _member_for(actor, user_id)
    require_grantable(actor, role)
    if member.role != role:
        _require_another_owner(member)
        Member.objects.for_tenant(actor.tenant_id).filter(user_id=user_id).update(role=role)
        audit.record(actor, "member.update", "member", user_id, before={"role": member.role}, after={"role": role})
        member.role = role
    return member, User.objects.get(user_id=user_id)


@transaction.atomic
def remove_member(*, actor: Actor, user_id: UUID) -> None:
    """End a membership; the person's account and the keys that they made stay. The last owner cannot be removed: Conflict."""
    member = _member_for(actor, user_id)
    _require_another_owner(member)
    Member.objects.for_tenant(actor.tenant_id).filter(user_id=user_id).delete()
    audit.record(actor, "member.remove", "member", user_id, before={"role": member.role})


def list_members(*, actor: Actor, page: Page | None = None) -> list[Person]:
    """The tenant's members with their accounts, by e-mail; one more than the page has room for."""
    require(actor, Permission.MEMBER_WRITE)
    members = Member.objects.for_tenant(actor.tenant_id)
    users = User.objects.filter(user_id__in=members.values("user_id")).order_by("email")
    found = list(users if page is None else users[page.offset : page.offset + page.limit + 1])
    rows = {member.user_id: member for member in members.filter(user_id__in=[user.user_id for user in found])}
    return [(rows[user.user_id], user) for user in found if user.user_id in rows]  # one may have been removed meanwhile


def member_by_email(*, actor: Actor, email: str) -> UUID:
    """For commands, whose words are e-mails. Raises NotFound."""
    address = email.strip().lower()
    members = Member.objects.for_tenant(actor.tenant_id).values("user_id")
    user = User.objects.filter(email=address, user_id__in=members).first()
    if user is None:
        raise NotFound(f"'{address}' is no member of this tenant. `manage.py member list` shows them.")
    return user.user_id


def _member_for(actor: Actor, user_id: UUID) -> Member:
    """A member whom the actor may change. Holds the tenant's row first: whoever changes members waits here, before anything is read."""
    lock_tenant(actor)
    member = Member.objects.for_tenant(actor.tenant_id).filter(user_id=user_id).first()
    if member is None:
        raise NotFound(f"Member with user ID {user_id} not found")
    require(actor, Permission.MEMBER_WRITE)
    require_grantable(actor, Role(member.role))
    return member


def _require_another_owner(member: Member) -> None:
    if member.role != Role.OWNER:
        return
    owners = Member.objects.for_tenant(member.tenant_id).filter(role=Role.OWNER)
    if not owners.exclude(user_id=member.user_id).exists():
        raise Conflict("The last owner of a tenant cannot be removed or get another role. Make somebody else owner first.")
