"""`manage.py member`: the people of a tenant."""

from typing import Any

from django.core.management.base import CommandParser

from tenants.actors import Role
from tenants.management.terminal import TerminalCommand, acting_in
from tenants.services.members import add_member, change_role, list_members, member_by_email, remove_member
from tenants.wire import member_json


class Command(TerminalCommand):
    """Acts as the system."""

    help = "Add and list members, change their roles, remove them."

    def add_arguments(self, parser: CommandParser) -> None:
        """`add TENANT EMAIL --role`, `list TENANT`, `role TENANT EMAIL --role`, `remove TENANT EMAIL`."""
        actions = self.actions(parser)
        add = self.action(actions, "add", "make a person a member")
        add.add_argument("tenant", help="the tenant's slug")
        add.add_argument("email")
        self.role_argument(add)
        add.add_argument("--name", default="", help="the person's name")
        self.action(actions, "list", "show a tenant's members").add_argument("tenant", help="the tenant's slug")
        role = self.action(actions, "role", "give a member another role")
        role.add_argument("tenant", help="the tenant's slug")
        role.add_argument("email")
        self.role_argument(role)
        remove = self.action(actions, "remove", "end a membership; keys that the person made stay")
        remove.add_argument("tenant", help="the tenant's slug")
        remove.add_argument("email")

    def role_argument(self, parser: Any) -> None:
        """`--role ROLE`."""
        parser.add_argument("--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=", ".join(Role))

    def add(self, options: dict[str, Any]) -> None:
        """One person."""
        with acting_in(options["tenant"]) as actor:
            member, user = add_member(actor=actor, email=options["email"], role=Role(options["role"]), name=options["name"])
        data = member_json(member, user) | {"tenant_id": member.tenant_id}
        self.show(data, f"{user.email} is now {member.role} of {options['tenant']}")

    def role(self, options: dict[str, Any]) -> None:
        """Of one person."""
        with acting_in(options["tenant"]) as actor:
            user_id = member_by_email(actor=actor, email=options["email"])
            member, user = change_role(actor=actor, user_id=user_id, role=Role(options["role"]))
        self.show(member_json(member, user), f"{user.email} is now {member.role} of {options['tenant']}")

    def remove(self, options: dict[str, Any]) -> None:
        """One person."""
        with acting_in(options["tenant"]) as actor:
            user_id = member_by_email(actor=actor, email=options["email"])
            remove_member(actor=actor, user_id=user_id)
        self.show({"user_id": user_id}, f"{options['email']} is no member of {options['tenant']} any more")

    def list(self, options: dict[str, Any]) -> None:
        """By e-mail."""
        with acting_in(options["tenant"]) as actor:
            rows = [member_json(member, user) for member, user in list_members(actor=actor)]
        self.show(rows, "\n".join(f"{row['email']}\t{row['role']}\t{row['name']}" for row in rows) or "no members yet")
