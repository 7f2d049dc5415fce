"""What the commands share: actions, a tenant by its slug, output for people and programs."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from tenants.actors import Actor, system_actor
from tenants.database.context import acting_for
from tenants.exceptions import DomainError
from tenants.services.tenants import tenant_by_slug


class TerminalCommand(BaseCommand):
    """`manage.py NOUN ACTION`: each action is a method of its name; domain errors become one clear line."""

    requires_system_checks: list[str] = []
    json = False

    def actions(self, parser: CommandParser) -> Any:
        """The place for sub-commands."""
        return parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(self, actions: Any, name: str, text: str) -> ArgumentParser:
        """One sub-command, with --json."""
        parser: ArgumentParser = actions.add_parser(name, help=text, description=text)
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Call the action."""
        self.json = options["json"]
        try:
            getattr(self, options["action"])(options)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, ProgrammingError, ImproperlyConfigured) as error:
            raise CommandError(f"The database is not ready ({str(error).strip()}). `manage.py setup` prepares it.") from error

    def show(self, data: object, text: str) -> None:
        """To the standard output."""
        self.stdout.write(orjson.dumps(data).decode() if self.json else text)


@contextmanager
def acting_in(slug: str) -> Iterator[Actor]:
    """The system's actor of this tenant, whom every statement inside carries."""
    tenant = tenant_by_slug(slug)
    with acting_for(tenant.tenant_id):
        yield system_actor(tenant.tenant_id, "manage")
