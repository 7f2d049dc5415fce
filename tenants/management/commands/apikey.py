"""`manage.py apikey`: make, list and revoke API keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.actors import Role
from tenants.management.terminal import TerminalCommand, acting_in
from tenants.models import ApiKey
from tenants.services.api_keys import LIFETIME, create_key, list_keys, revoke_key


class Command(TerminalCommand):
    """Acts as the system."""

    help = "Create, list and revoke API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """`create TENANT --role`, `list TENANT`, `revoke TENANT KEY_ID`."""
        actions = self.actions(parser)
        create = self.action(actions, "create", "create a key; its secret is printed once")
        create.add_argument("tenant", help="the tenant's slug")
        create.add_argument("--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=", ".join(Role))
        create.add_argument("--name", default="command line", help="what it is for")
        create.add_argument("--days", type=int, default=LIFETIME.days, help=f"days until it expires (default {LIFETIME.days})")
        create.add_argument("--identity", type=UUID, metavar="UUID", help="act as this service identity (rotation of a key)")
        self.action(actions, "list", "show a tenant's keys").add_argument("tenant", help="the tenant's slug")
        revoke = self.action(actions, "revoke", "end a key; it stops within a second")
        revoke.add_argument("tenant", help="the tenant's slug")
        revoke.add_argument("key_id", type=UUID, metavar="KEY_ID", help="as `apikey list` shows it")

    def create(self, options: dict[str, Any]) -> None:
        """The secret alone on the standard output, so that a shell can catch it."""
        now = timezone.now()
        with acting_in(options["tenant"]) as actor:
            key, secret = create_key(
                actor=actor,
                name=options["name"],
                role=Role(options["role"]),
                expires_at=now + timedelta(days=min(options["days"], 36_500)),
                now=now,
                identity=options["identity"],
            )
        if not self.json:
            self.stderr.write(f"key {key.key_id} created, expires {described(key)['expires_at']}; the secret is shown once:")
        self.show(described(key) | {"key": secret}, secret)

    def list(self, options: dict[str, Any]) -> None:
        """Newest first, without secrets."""
        with acting_in(options["tenant"]) as actor:
            keys = [described(key) for key in list_keys(actor=actor)]
        columns = ("key_id", "shown", "role", "name", "expires_at", "revoked_at", "last_used_at")
        self.show(keys, "\n".join("\t".join(str(key[name] or "-") for name in columns) for key in keys) or "no keys yet")

    def revoke(self, options: dict[str, Any]) -> None:
        """Repeatable."""
        with acting_in(options["tenant"]) as actor:
            key = revoke_key(actor=actor, key_id=options["key_id"], now=timezone.now())
        self.show(described(key), f"key {key.key_id} is revoked")


def described(key: ApiKey) -> dict[str, object]:
    """For --json."""
    times = {name: getattr(key, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    return {
        "key_id": str(key.key_id),
        "identity": str(key.identity),
        "tenant_id": str(key.tenant_id),
        "name": key.name,
        "role": str(key.role),
        "shown": str(key),
        **{name: time and time.isoformat() for name, time in times.items()},
    }
