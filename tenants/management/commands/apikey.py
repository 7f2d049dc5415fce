"""`manage.py apikey`: make, list, rotate and revoke API keys."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.actors import Role
from tenants.management.terminal import TerminalCommand, acting_in
from tenants.models import ApiKey
from tenants.services.api_keys import LIFETIME, create_key, list_keys, revoke_key, rotate_key
from tenants.wire import LONGEST_DAYS, LONGEST_OVERLAP_HOURS, key_json


class Command(TerminalCommand):
    """Acts as the system."""

    help = "Create, list, rotate and revoke API keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """`create TENANT --role`, `list TENANT`, `rotate TENANT KEY_ID`, `revoke TENANT KEY_ID`."""
        actions = self.actions(parser)
        create = self.action(actions, "create", "create a key; its secret is printed once")
        create.add_argument("tenant", help="the tenant's slug")
        create.add_argument("--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=", ".join(Role))
        create.add_argument("--name", default="command line", help="what it is for")
        create.add_argument("--days", type=int, default=LIFETIME.days, help=f"days until it expires (default {LIFETIME.days})")
        create.add_argument("--identity", type=UUID, metavar="UUID", help="act as this service identity, which has a key already")
        self.action(actions, "list", "show a tenant's keys").add_argument("tenant", help="the tenant's slug")
        rotate = self.action(actions, "rotate", "create a second key of the same identity; the old one ends after the overlap")
        rotate.add_argument("tenant", help="the tenant's slug")
        rotate.add_argument("key_id", type=UUID, metavar="KEY_ID", help="as `apikey list` shows it")
        rotate.add_argument("--overlap-hours", type=float, default=24, help="hours for which the old key is still good (default 24)")
        rotate.add_argument("--days", type=int, default=LIFETIME.days, help=f"days until the new one expires (default {LIFETIME.days})")
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
                expires_at=now + lifetime(options),
                now=now,
                identity=options["identity"],
            )
        self.show_secret(key, secret)

    def rotate(self, options: dict[str, Any]) -> None:
        """The new secret alone on the standard output."""
        now = timezone.now()
        overlap = timedelta(hours=min(max(options["overlap_hours"], 0), LONGEST_OVERLAP_HOURS))
        with acting_in(options["tenant"]) as actor:
            key, secret = rotate_key(actor=actor, key_id=options["key_id"], overlap=overlap, expires_at=now + lifetime(options), now=now)
        self.show_secret(key, secret)

    def show_secret(self, key: ApiKey, secret: str) -> None:
        """Once."""
        if not self.json:
            self.stderr.write(f"key {key.key_id} created, expires {key.expires_at:%Y-%m-%d %H:%M %Z}; the secret is shown once:")
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


def lifetime(options: dict[str, Any]) -> timedelta:
    """As asked for, within what a key can have."""
    return timedelta(days=min(options["days"], LONGEST_DAYS))


def described(key: ApiKey) -> dict[str, Any]:
    """For --json: as the API has it, with the tenant, and the key as people see it."""
    return key_json(key) | {"tenant_id": key.tenant_id, "shown": str(key)}
