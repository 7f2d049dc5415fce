"""The stream of a thread, which the async client has to be awaited for."""

import inspect
from typing import Any


async def thread_stream(client: Any, thread: str, **options: Any) -> Any:
    """An async iterator of its parts."""
    found = client.threads.join_stream(thread, **options)
    return await found if inspect.isawaitable(found) else found
