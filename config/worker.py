"""A worker process's start and end; Celery imports it there only, since it brings LangGraph."""

from typing import Any

from celery import signals
from django.conf import settings
from django.db import connection

from assistants.registry.loader import load
from assistants.services.graphs import record_graphs
from runs.engine.worker import engine
from tenants.database.checks import refuse_dangerous_role


@signals.worker_init.connect
def start(**_: Any) -> None:
    """Load graphs, check the database role, start the engine: before the first message is taken."""
    refuse_dangerous_role(connection)
    record_graphs(load(settings.GRAPHS_FILE))
    connection.close()
    engine()


@signals.worker_shutting_down.connect
def refuse(**_: Any) -> None:
    """Runs in a signal handler: only stop claiming."""
    engine().refuse()


@signals.worker_shutdown.connect
def drain(**_: Any) -> None:
    """Hand every run back before the process ends."""
    engine().drain(settings.DRAIN_SECONDS)
