"""What every request passes."""

import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)


class RequestIds:
    """Names the request for logs and audit, by the client's `X-Request-Id` if that is well-formed; answers with the same header."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get("X-Request-Id", "")
        name = sent if ACCEPTED.fullmatch(sent) else uuid4().hex
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-Id"] = name
        return response
