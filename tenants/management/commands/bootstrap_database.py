"""`manage.py bootstrap_database`: database, roles and grants, as the administrator of DATABASE_URL."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.database.bootstrap import BootstrapError, bootstrap, plan


class Command(BaseCommand):
    """Repeatable; needs no Django connection."""

    help = "Create the database, the four roles of HOLDFAST_DB_*, the schema and its grants; safe to repeat."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, correct the rest."""
        try:
            made = bootstrap(plan(settings.DATABASE_ADMIN_URL, settings.DATABASE_URLS), self.tell)
        except BootstrapError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"database {made.database} is ready for {', '.join(login.user for login in made.logins.values())}")

    def tell(self, line: str) -> None:
        """One line of progress; warnings go to the error output."""
        (self.stderr if line.startswith("warning") else self.stdout).write(line)
