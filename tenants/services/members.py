"""Members: people and their role in a tenant."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tenants.actors import Actor, Role
from tenants.exceptions import Conflict, Invalid
from tenants.models import Member, User
from tenants.policy import Permission, require, require_grantable
from tenants.services import audit


def add_member(*, actor: Actor, email: str, role: Role, name: str = "") -> Member:
    """Make a person a member; the user is created where the e-mail is new. Somebody who is a member already is a Conflict."""
    require(actor, Permission.MEMBER_WRITE)
    require_grantable(actor, role)
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid(f"'{address}' is not an e-mail address") from error
    try:
        with transaction.atomic():
            user, _ = User.objects.get_or_create(email=address, defaults={"name": name, "password": "!"})
            member = Member.objects.create(tenant_id=actor.tenant_id, user_id=user.user_id, role=role)
            audit.record(actor, "member.add", "member", user.user_id, after={"role": role})
    except IntegrityError as error:
        raise Conflict(f"'{address}' is a member already") from error
    return member


def list_members(*, actor: Actor) -> list[tuple[Member, User]]:
    """The tenant's members with their accounts, by e-mail."""
    require(actor, Permission.MEMBER_WRITE)
    members = list(Member.objects.for_tenant(actor.tenant_id))
    users = User.objects.in_bulk([member.user_id for member in members])
    return sorted(((member, users[member.user_id]) for member in members), key=lambda pair: pair[1].email)
