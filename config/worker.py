"""A worker process's start and end; Celery imports it there only, since it brings LangGraph."""

import logging
from typing import Any

from celery import signals
from django.conf import settings
from django.db import connection

from assistants.registry.loader import load
from assistants.services.graphs import record_graphs
from config.memory import keep_what_is_loaded
from runs.checkpoints.dims import check_vectors
from runs.engine.worker import engine
from tenants.database.checks import refuse_dangerous_role

logger = logging.getLogger("config.worker")


@signals.worker_init.connect
def start(**_: Any) -> None:
    """Load graphs, check the database role, start the engine: before the first message is taken. Ends a process that cannot."""
    try:
        refuse_dangerous_role(connection)
        graphs = load(settings.GRAPHS_FILE)
        check_vectors(connection, graphs)
        record_graphs(graphs)
        connection.close()
        engine()
        keep_what_is_loaded()
    except Exception as error:  # Celery logs what a receiver raises and goes on, taking wake-ups that nobody follows
        logger.exception("start-up failed")
        raise SystemExit(3) from error


@signals.worker_shutting_down.connect
def refuse(**_: Any) -> None:
    """Runs in a signal handler: only stop claiming."""
    engine().refuse()


@signals.worker_shutdown.connect
def drain(**_: Any) -> None:
    """Hand every run back before the process ends."""
    engine().drain(settings.DRAIN_SECONDS)
