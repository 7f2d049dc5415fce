"""Wake-up calls: they say that something is due and name nothing, so one may be lost or doubled."""

import logging
import time
from functools import cache, partial

from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from runs.streams import keys
from runs.streams.connection import sync_redis

logger = logging.getLogger("runs.queue")

RUNS = "runs"
FLAG_MILLISECONDS = 500
PLAIN, PATIENT = b"1", b"2"  # what the flag says: PATIENT makes the drain queue for the oldest overdue run
CIRCUIT_SECONDS = 2.0
TASKS = {RUNS: "runs.wake"}


@cache
def broker() -> Celery:
    """A Celery app that only publishes; the tasks themselves are unknown here."""
    app = Celery("holdfast", broker=settings.CELERY_BROKER_URL)
    app.conf.update(
        broker_transport_options={
            "socket_timeout": settings.REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": settings.REDIS_TIMEOUT_SECONDS,
        },
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=settings.REDIS_TIMEOUT_SECONDS,
    )
    return app


class Circuit:
    """After a failure nobody tries for a while: a dead broker must not slow every accepted run down."""

    def __init__(self) -> None:
        self.closed_at = 0.0

    def is_open(self) -> bool:
        """Whether to leave Redis alone for now."""
        return time.monotonic() < self.closed_at

    def trip(self) -> None:
        """Leave it alone for CIRCUIT_SECONDS."""
        self.closed_at = time.monotonic() + CIRCUIT_SECONDS


circuit = Circuit()


def wake(queue: str = RUNS, *, patient: bool = False) -> None:
    """Send a wake-up unless one is under way. Never raises: the rows are there, and the sweep finds them."""
    if circuit.is_open():
        return
    try:
        if sync_redis().set(keys.flag(queue), PATIENT if patient else PLAIN, nx=True, px=FLAG_MILLISECONDS):
            broker().send_task(TASKS[queue], queue=queue, ignore_result=True, retry=False, expires=60)
    except (RedisError, OperationalError, OSError) as error:
        circuit.trip()
        logger.warning("wake-up not sent", extra={"queue": queue, "reason": type(error).__name__})


def wake_on_commit(queue: str = RUNS) -> None:
    """Send the wake-up when the current transaction has committed; outside of one, now."""
    transaction.on_commit(partial(wake, queue), robust=True)
