"""A small API over the base classes, with every way to fail."""

from typing import Any

import psycopg
from django import db
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import exceptions as domain
from tenants.api import errors
from tenants.api.pagination import paginated
from tenants.api.views import AgentView, OpenView
from tenants.database.context import current_tenant
from tenants.models import Tenant
from tenants.validation import path_id
from tests.builders import now

handler400, handler403, handler404, handler500 = errors.handler400, errors.handler403, errors.handler404, errors.handler500

FAILURES: dict[str, Exception] = {
    "bad-request": domain.BadRequest("contradicts itself"),
    "not-authenticated": domain.NotAuthenticated("who?"),
    "not-allowed": domain.NotAllowed("no", action="thread.update"),
    "not-found": domain.NotFound("Thread with ID x not found"),
    "conflict": domain.Conflict("was first"),
    "too-large": domain.TooLarge("too large"),
    "unavailable": domain.Unavailable("away"),
    "invalid": domain.Invalid("schema \ud800"),
    "not-supported": domain.NotSupported("webhook"),
    "parse": drf.ParseError("whatever"),
    "throttled": drf.Throttled(wait=7),
    "teapot": drf.APIException("odd"),
    "http404": Http404("of Django"),
    "denied": PermissionDenied("of Django"),
    "suspicious": SuspiciousOperation("of Django"),
    "lock-timeout": psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
    "away": db.OperationalError("the connection is closed"),
    "bug": RuntimeError("holdfast_secret in a message"),
}


async def words() -> Any:
    """A stream."""
    yield b"data: 1\n\n"


class Echo(AgentView):
    """What was sent."""

    def get(self, request: Request, thread_id: str) -> Response:
        visible = [tenant.slug for tenant in Tenant.objects.all()]
        return Response({"id": path_id(thread_id, "thread"), "visible": visible, "at": now().replace(microsecond=0), "none": None})

    def post(self, request: Request, thread_id: str) -> Response:
        return Response(request.data)

    def delete(self, request: Request, thread_id: str) -> Response:
        return Response(status=204)


class EmptyBody(AgentView):
    """A body is optional."""

    body_optional = True

    def post(self, request: Request) -> Response:
        return Response({"data": request.data, "actor": [self.actor.address, self.actor.request_id], "tenant": current_tenant.get()})


class Fails(AgentView):
    """By name."""

    def post(self, request: Request, name: str, thread_id: str) -> Response:
        raise FAILURES[name]

    get = post


class Stores(AgentView):
    """What PostgreSQL makes of values."""

    def post(self, request: Request) -> Response:
        body: Any = request.data
        with connection.cursor() as cursor:
            cursor.execute(body["statement"], body["values"])
        return Response({})


class Open(OpenView):
    """For anybody."""

    def get(self, request: Request) -> Response:
        return Response(None)


class Streams(AgentView):
    """A stream, once from inside a transaction."""

    def get(self, request: Request, early: str) -> Any:
        if early == "true":
            with transaction.atomic():
                return self.stream(words())
        return self.stream(words(), headers={"Location": "/x"})


class Pages(AgentView):
    """Five rows."""

    def get(self, request: Request) -> Response:
        limit, offset = int(request.query_params["limit"]), int(request.query_params["offset"])
        return paginated(list(range(5))[offset : offset + limit + 1], limit=limit, offset=offset, has_more=False)


def plain_bug(request: HttpRequest) -> HttpResponse:
    """Not a view of ours."""
    raise RuntimeError("holdfast_secret in a message")


urlpatterns = [
    path("threads/<str:thread_id>", Echo.as_view()),
    path("empty", EmptyBody.as_view()),
    path("fails/<str:name>/<str:thread_id>", Fails.as_view()),
    path("stores", Stores.as_view()),
    path("open", Open.as_view()),
    path("streams/<str:early>", Streams.as_view()),
    path("pages", Pages.as_view()),
    path("bug", plain_bug),
]
