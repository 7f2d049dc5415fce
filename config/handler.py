"""Django's request handling in one hop to a kept thread (measured: a third of the cost of Django's own ASGI handler)."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from contextvars import copy_context
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_finished, request_started
from django.http.response import HttpResponse, HttpResponseBase
from django.urls import set_script_prefix

from config.cors import with_cors
from runs.services.metrics import process_metrics
from tenants.api.errors import plain
from tenants.database.threads import hop

logger = logging.getLogger("django.request")
Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SEND_SECONDS = 30


class TooLarge(Exception):
    """The body is over the limit."""


class OneHopHandler(ASGIHandler):
    """Signals, middleware, view and rendering in one hop; the body of a stream goes out from the loop, without a thread."""

    def __init__(self) -> None:
        self.load_middleware(is_async=False)  # ASGIHandler.__init__ would load the asynchronous form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        context = copy_context()
        try:
            body = await self.read_body(scope, receive)
        except RequestAborted:
            return
        except TooLarge:
            await self.send_response(with_cors(too_large(), scope), send)
            return
        try:
            response = await hop(context, self.respond, scope, body)
            if response.streaming:
                progress = Progress(send)
                task = asyncio.create_task(self.send_stream(scope, response, progress), context=context)
                with process_metrics().streaming():
                    await self.until_gone(task, receive, progress)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    def respond(self, scope: Scope, body: Any) -> Any:
        """In the kept thread. A stream's connection goes back here, before its first byte."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        try:
            request, _ = self.create_request(scope, body)
            response: Any = with_cors(plain(400, "Bad Request"), scope) if request is None else self.get_response(request)
            if not response.streaming:
                for closer in response._resource_closers:
                    closer()
            return response
        finally:
            request_finished.send(sender=self.__class__)

    async def read_body(self, scope: Scope, receive: Receive) -> Any:  # type: ignore[override]  # refuses before reading
        """The body in memory or a temporary file. Raises TooLarge before reading where the length is declared."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            raise TooLarge
        body = tempfile.SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115 (its caller closes it)
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or size > limit:
                body.close()
                raise RequestAborted if message["type"] == "http.disconnect" else TooLarge
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        body.seek(0)
        return body

    async def send_stream(self, scope: Scope, response: Any, progress: "Progress") -> None:
        """Ends the iterator and the request's files whatever happens."""
        try:
            start = {"type": "http.response.start", "status": response.status_code, "headers": raw_headers(response)}
            await progress.send(start)
            if scope["method"] != "HEAD":
                async with aclosing(parts_of(response)) as parts:
                    async for part in parts:
                        await progress.send({"type": "http.response.body", "body": part, "more_body": True})
            await progress.send({"type": "http.response.body"})
        finally:
            if response.is_async:
                await response._iterator.aclose()
            for closer in response._resource_closers:
                closer()

    async def until_gone(self, task: "asyncio.Task[None]", receive: Receive, progress: "Progress") -> None:
        """Let the task run until it is done, the client has left, or has stopped reading."""
        leaving = asyncio.ensure_future(receive())
        try:
            while not (await asyncio.wait({task, leaving}, timeout=SEND_SECONDS / 3, return_when=asyncio.FIRST_COMPLETED))[0]:
                if progress.is_stuck():
                    break
        finally:
            leaving.cancel()
            if not task.done():
                task.cancel()
            await asyncio.gather(task, leaving, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()):
            logger.error("stream failed", exc_info=error)  # the server closes the socket: the reply has begun


class Progress:
    """Sends, and knows since when a send waits for the client: looked at now and then, since a timeout for each costs more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._since: float | None = None

    async def send(self, message: Message) -> None:
        """Send one message."""
        self._since = time.monotonic()
        await self._send(message)
        self._since = None

    def is_stuck(self) -> bool:
        """Whether the client has not read for SEND_SECONDS."""
        return self._since is not None and time.monotonic() - self._since > SEND_SECONDS


def too_large() -> HttpResponse:
    """The refusal of a body, which no middleware sees. The connection closes: nobody reads the rest."""
    response = plain(413, f"Request body too large: the limit is {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes")
    response.headers["Connection"] = "close"
    return response


def raw_headers(response: HttpResponseBase) -> list[tuple[bytes, bytes]]:
    """As ASGI wants them."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.items()]
    return headers + [(b"set-cookie", cookie.OutputString().encode()) for cookie in response.cookies.values()]


async def parts_of(response: Any) -> Any:
    """A synchronous iterator (a file) is read in the kept threads, part by part; Django would read it whole."""
    if response.is_async:
        async for part in response._iterator:  # not Django's own wrappers around it, which cost as much again per part
            yield part
        return
    parts, end = iter(response), object()
    while (part := await hop(copy_context(), next, parts, end)) is not end:
        yield part
