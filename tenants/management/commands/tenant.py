"""`manage.py tenant`: make and list tenants."""

from typing import Any

from django.core.management.base import CommandParser

from tenants.management.terminal import TerminalCommand
from tenants.models import Tenant
from tenants.services.tenants import create_tenant, list_tenants


class Command(TerminalCommand):
    """Acts as the system."""

    help = "Create and list tenants."

    def add_arguments(self, parser: CommandParser) -> None:
        """`create NAME` and `list`."""
        actions = self.actions(parser)
        create = self.action(actions, "create", "create a tenant")
        create.add_argument("name", help="its name, as people read it")
        create.add_argument("--slug", help="its name in commands; made from the name unless given")
        self.action(actions, "list", "show all tenants")

    def create(self, options: dict[str, Any]) -> None:
        """One tenant."""
        tenant = create_tenant(name=options["name"], slug=options["slug"])
        self.show(described(tenant), f"tenant {tenant.slug} created ({tenant.tenant_id})")

    def list(self, options: dict[str, Any]) -> None:
        """All of them."""
        tenants = [described(tenant) for tenant in list_tenants()]
        self.show(tenants, "\n".join(f"{row['slug']}\t{row['tenant_id']}\t{row['name']}" for row in tenants) or "no tenants yet")


def described(tenant: Tenant) -> dict[str, object]:
    """For --json."""
    return {
        "tenant_id": str(tenant.tenant_id),
        "slug": tenant.slug,
        "name": tenant.name,
        "created_at": tenant.created_at.isoformat(),
        "suspended_at": tenant.suspended_at and tenant.suspended_at.isoformat(),
    }
