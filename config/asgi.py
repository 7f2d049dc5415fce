"""ASGI entry point: answers `/ok` at once and loads everything else in a start-up thread."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("HOLDFAST_PROCESS", "web")

import django

django.setup(set_prefix=False)

from django.http import HttpResponse  # noqa: E402 - after the settings

from config.cors import with_cors  # noqa: E402

logger = logging.getLogger("config.asgi")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Startup:
    """The real application, once its thread has imported it. LangGraph costs two seconds: the process listens meanwhile."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.router: Application | None = None
        threading.Thread(target=self._load, name="start-up", daemon=True).start()

    def _load(self) -> None:
        try:
            self.router = import_module("config.router").make()
        except Exception:
            logger.exception("start-up failed")
            os._exit(3)  # a process that can answer nothing must be restarted, not kept
        self.ready.set()

    async def application(self) -> Application:
        """Wait until it is there."""
        while not self.ready.is_set():
            await asyncio.sleep(0.02)
        assert self.router is not None
        return self.router


startup = Startup()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Entry point for uvicorn."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/ok" and not scope["query_string"] and scope["method"] == "GET":
        response = with_cors(HttpResponse(content_type="application/json"), scope)
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok":true,"services":{}}'})
    else:
        await (startup.router or await startup.application())(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    """Start and end of the process."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if startup.ready.is_set():
        await import_module("config.router").close()
    await send({"type": "lifespan.shutdown.complete"})
