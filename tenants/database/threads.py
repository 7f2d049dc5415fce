"""The kept threads: the only place of a web process where Django's connections live."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")
THREADS = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="kept")


async def hop(context: Context, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a kept thread, in this context: nothing a request sets survives in the thread."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, lambda: context.run(function, *args, **kwargs))


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """For consumers and stream readers: not Channels' database_sync_to_async, which has one thread for a whole process."""

    def call() -> T:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            close_old_connections()

    return await hop(copy_context(), call)
