"""`manage.py setup_checkpointer`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from runs.checkpoints.dims import wanted_dims
from runs.checkpoints.tables import set_up
from tenants.database.roles import prefix


class Command(BaseCommand):
    """Create LangGraph's tables with their walls."""

    help = (
        "Create or update LangGraph's tables of checkpoints and store as the owner, then their tenant columns and policies. "
        "Repeatable; part of `setup`."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        set_up(settings.DATABASE_URLS["owner"], prefix(connections["owner"]), wanted_dims(connections["owner"]))
