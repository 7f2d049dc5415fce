"""CORS headers of the answers that do not pass the middleware: `/ok` of the entry point, refusals before there is a request."""

from collections.abc import Mapping
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


def with_cors(response: HttpResponseBase, scope: Mapping[str, Any]) -> HttpResponseBase:
    """The response of an ASGI request with the headers that the middleware would have given it."""
    request = HttpRequest()
    request.method, request.path_info = scope["method"], scope["path"]
    if origin := dict(scope["headers"]).get(b"origin"):
        request.META["HTTP_ORIGIN"] = origin.decode("latin-1")
    return CorsMiddleware(_nothing).add_response_headers(request, response)


def _nothing(request: HttpRequest) -> HttpResponseBase:
    """What the middleware would have asked for a response."""
    return HttpResponse()
