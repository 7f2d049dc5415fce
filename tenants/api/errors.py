"""The only place that knows status codes of errors."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from django import db
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import loader
from django.urls import is_valid_path
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions as drf
from rest_framework.response import Response

from tenants import exceptions as domain
from tenants.actors import Actor
from tenants.api.bodies import INVALID, write_json
from tenants.services import audit

logger = logging.getLogger("holdfast.errors")
STATUS: dict[type[domain.DomainError], int] = {
    domain.BadRequest: 400,
    domain.NotAuthenticated: 401,
    domain.NotAllowed: 403,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.TooLarge: 413,
    domain.Invalid: 422,
    domain.Unavailable: 503,
}
OUTSIDE: tuple[tuple[type[Exception], int, str], ...] = (
    (drf.ParseError, 422, INVALID),
    (drf.MethodNotAllowed, 405, "Method Not Allowed"),
    (Http404, 404, "Not Found"),
    (PermissionDenied, 403, "Forbidden"),
    (RequestDataTooBig, 413, "Request body too large"),
    (SuspiciousOperation, 400, "Bad Request"),
    (db.DataError, 422, "A value cannot be stored: too large, out of range, or not text"),
    (psycopg.DataError, 422, "A value cannot be stored: too large, out of range, or not text"),
    (UnicodeEncodeError, 422, "A value cannot be stored: too large, out of range, or not text"),
    (db.OperationalError, 503, "The database is busy or away. Try again."),
    (db.InterfaceError, 503, "The database is busy or away. Try again."),
    (psycopg.OperationalError, 503, "The database is busy or away. Try again."),
)
RACES = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation)
TIMEOUTS = (psycopg.errors.TransactionTimeout, psycopg.errors.IdleInTransactionSessionTimeout)
RETRY_SECONDS = "1"


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase:
    """DRF's hook: every error as the wire has it, nearly always `{"detail": text}`.

    Refusals of changes are audited; unexpected errors are logged and shown to nobody.
    """
    status, text = answer_to(error)
    view, request = context.get("view"), context.get("request")
    if status == 500:
        logger.error("unexpected error", exc_info=error, extra={"path": getattr(request, "path", None)})
        return server_error()
    if status == 503 and not isinstance(error, domain.Unavailable):
        logger.warning("database unavailable", extra={"error": str(error.__cause__ or error).strip()})
    if isinstance(error, domain.NotAllowed | domain.Conflict):
        _audit_refusal(error, text, context)
    headers = {}
    if status == 405:
        headers["Allow"] = ", ".join(getattr(view, "allowed_methods", []))
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "wait", None) or RETRY_SECONDS)
    form = error.form if isinstance(error, domain.DomainError) else "detail"
    if form == "text":
        return HttpResponse(text, status=status, headers=headers, content_type="text/plain; charset=utf-8")
    return Response({form: text} | (getattr(error, "more", None) or {}), status=status, headers=headers)


def answer_to(error: Exception) -> tuple[int, str]:
    """Status and text of any error; 500 for those that nobody expected."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind], readable(str(error))
    for known, status, text in OUTSIDE:
        if isinstance(error, known):
            return status, text
    if isinstance(error, drf.APIException):
        return error.status_code, readable(str(error.detail))
    if isinstance(error, db.IntegrityError) and isinstance(error.__cause__, RACES):
        return 409, "Another change was first. Try again."
    if isinstance(error.__cause__, TIMEOUTS):
        return 503, "The database is busy or away. Try again."
    return 500, "Internal Server Error"


def readable(text: str) -> str:
    """Without lone surrogates, which no JSON has."""
    return text.encode("utf-8", "replace").decode()


def plain(status: int, text: str) -> HttpResponse:
    """For what no view of ours answers."""
    return HttpResponse(write_json({"detail": text}), status=status, content_type="application/json")


def server_error() -> HttpResponse:
    """As on the wire: text."""
    return HttpResponse("Internal Server Error", status=500, content_type="text/plain; charset=utf-8")


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A bad Host, a broken request."""
    status, text = (400, "Bad Request") if exception is None else answer_to(exception)
    return plain(status if 400 <= status < 500 else 400, text)


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's own refusals."""
    return plain(403, "Forbidden")


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An unknown address: the known one without its slash, or a page for those who look with a browser."""
    if request.path.endswith("/") and is_valid_path(request.path.rstrip("/")):
        bare = request.get_full_path().replace(escape_uri_path(request.path), escape_uri_path(request.path.rstrip("/")), 1)
        try:
            return HttpResponse(status=307, headers={"Location": request.build_absolute_uri(bare)})
        except DisallowedHost:
            return plain(400, "Bad Request")
    if wants_page(request):
        return HttpResponse(loader.render_to_string("404.html", request=request), status=404)
    return plain(404, "Not Found")


def handler405(request: HttpRequest, allowed: str) -> HttpResponse:
    """For plain Django views."""
    response = plain(405, "Method Not Allowed")
    response.headers["Allow"] = allowed
    return response


def handler500(request: HttpRequest) -> HttpResponse:
    """An error outside of DRF's views; Django has logged it."""
    if wants_page(request):
        return HttpResponse(loader.render_to_string("500.html"), status=500)
    return server_error()


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser's address bar asks."""
    return "text/html" in request.headers.get("Accept", "")


def _audit_refusal(error: domain.DomainError, reason: str, context: Mapping[str, Any]) -> None:
    """Of changes by known actors; a target of the log is the last id of the path."""
    actor, request = getattr(context.get("view"), "actor", None), context.get("request")
    if not isinstance(actor, Actor) or request is None or request.method in ("GET", "HEAD"):
        return
    route = request.resolver_match.route if request.resolver_match else request.path
    action = getattr(error, "action", "") or f"{request.method.lower()} {route}"
    name, target = next(reversed((context.get("kwargs") or {}).items()), ("tenant", actor.tenant_id))
    try:
        audit.refused(actor, action, str(name).removesuffix("_id"), _shortened(target), reason)
    except db.DatabaseError:
        logger.exception("refusal not audited", extra={"tenant_id": actor.tenant_id, "action": action})


def _shortened(target: object) -> str:
    """Path parts are the caller's words."""
    return str(target) if isinstance(target, UUID) else readable(str(target))[:200].replace("\0", "�")
