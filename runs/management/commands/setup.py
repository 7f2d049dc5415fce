"""`manage.py setup`: everything a database needs before web and workers start."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from runs.checkpoints.dims import wanted_dims
from runs.checkpoints.release import made_by


class Command(BaseCommand):
    """Bootstrap roles, migrate, create LangGraph's tables."""

    help = "Create roles and database, migrate as the owner, create LangGraph's tables. Repeatable; run it before each new version starts."

    requires_system_checks = ()  # they would import every view, and LangGraph with them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--seed` for development."""
        parser.add_argument("--seed", action="store_true", help="also make a first tenant and key, as `seed` does")
        parser.add_argument("--json", action="store_true", help="print the seed's answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the three in order."""
        call_command("bootstrap_database", verbosity=0)
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        if not checkpointer_is_current():
            call_command("setup_checkpointer", verbosity=0)
        if options["seed"]:
            call_command("seed", json=options["json"], stdout=self.stdout)


def checkpointer_is_current() -> bool:
    """Whether this release has made LangGraph's tables already, for the vectors that langgraph.json wants."""
    made = made_by(wanted_dims(connections["owner"]))
    with connections["owner"].cursor() as cursor:
        cursor.execute("select obj_description(to_regclass('checkpoints'), 'pg_class')")
        return bool(cursor.fetchone()[0] == made)
