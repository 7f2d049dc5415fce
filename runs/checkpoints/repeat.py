"""Repeats a statement that PostgreSQL could not take for a moment; only for statements that are safe to repeat."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psycopg

logger = logging.getLogger("runs.engine")

T = TypeVar("T")
PAUSE_SECONDS = 0.2
# Connection, transaction state (our timeouts are among them), conflict, resources, locks, shutdown, system.
# Not 54: too large stays too large.
PASSING = frozenset({"08", "25", "40", "53", "55", "57", "58"})


def is_passing(error: BaseException) -> bool:
    """Whether the same statement may succeed in a moment; an error without a code is a connection that was lost."""
    if not isinstance(error, psycopg.Error):
        return False
    return error.sqlstate[:2] in PASSING if error.sqlstate else isinstance(error, psycopg.OperationalError)


async def repeated(action: Callable[[], Awaitable[T]], seconds: float) -> T:
    """The action's answer, asked for again while its errors are passing ones, at most so long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        try:
            return await action()
        except psycopg.Error as error:
            if not is_passing(error) or loop.time() > deadline:
                raise
            logger.warning("database statement repeated", extra={"reason": type(error).__name__})
            await asyncio.sleep(PAUSE_SECONDS)


async def unbroken(action: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The action's answer. Whoever is cancelled meanwhile leaves it to end alone.

    Broken off inside a pipeline, psycopg gives a connection back that is still in it: the next one's locks would then stay.
    """
    return await asyncio.shield(asyncio.create_task(action()))
