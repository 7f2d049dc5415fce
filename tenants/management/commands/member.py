"""`manage.py member`: add and list the people of a tenant."""

from typing import Any

from django.core.management.base import CommandParser

from tenants.actors import Role
from tenants.management.terminal import TerminalCommand, acting_in
from tenants.services.members import add_member, list_members


class Command(TerminalCommand):
    """Acts as the system."""

    help = "Add and list members."

    def add_arguments(self, parser: CommandParser) -> None:
        """`add TENANT EMAIL --role` and `list TENANT`."""
        actions = self.actions(parser)
        add = self.action(actions, "add", "make a person a member")
        add.add_argument("tenant", help="the tenant's slug")
        add.add_argument("email")
        add.add_argument("--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=", ".join(Role))
        add.add_argument("--name", default="", help="the person's name")
        self.action(actions, "list", "show a tenant's members").add_argument("tenant", help="the tenant's slug")

    def add(self, options: dict[str, Any]) -> None:
        """One person."""
        with acting_in(options["tenant"]) as actor:
            member = add_member(actor=actor, email=options["email"], role=Role(options["role"]), name=options["name"])
        data = {
            "tenant_id": str(member.tenant_id),
            "user_id": str(member.user_id),
            "email": options["email"].strip().lower(),
            "role": str(member.role),
        }
        self.show(data, f"{options['email']} is now {member.role} of {options['tenant']}")

    def list(self, options: dict[str, Any]) -> None:
        """By e-mail."""
        with acting_in(options["tenant"]) as actor:
            rows = [
                {"user_id": str(member.user_id), "email": user.email, "name": user.name, "role": member.role}
                for member, user in list_members(actor=actor)
            ]
        self.show(rows, "\n".join(f"{row['email']}\t{row['role']}\t{row['name']}" for row in rows) or "no members yet")
