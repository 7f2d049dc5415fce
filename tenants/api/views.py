"""The base of every view of the API."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import StreamingHttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.actors import Actor
from tenants.api.authentication import MISSING
from tenants.api.bodies import INVALID
from tenants.database.context import current_tenant
from tenants.exceptions import Invalid, NotAuthenticated

WITH_BODY = ("POST", "PUT", "PATCH")


class OneFormat(BaseContentNegotiation):
    """JSON whatever the headers say: clients send `Accept: text/event-stream`, which DRF would refuse."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The only one."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The only one."""
        first = next(iter(renderers))
        return first, first.media_type or "application/json"


class OpenView(APIView):
    """A view for anybody: of the system's own routes."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    content_negotiation_class = OneFormat
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    body_optional = False  # True: an empty body is `{}`

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: `Allow` belongs to 405 alone."""
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse an empty body where one is needed."""
        request._request.encoding = "utf-8"  # not what Content-Type names: codecs without text, which would fail in the query
        super().initial(request, *args, **kwargs)
        if request.method in WITH_BODY and hasattr(self, request.method.lower()):
            size = len(request.body)
            if not size and not self.body_optional:
                raise Invalid(INVALID)
            request.META["CONTENT_LENGTH"] = str(size)  # DRF takes a chunked body without it for an empty one
        elif request.method == "DELETE":
            request.META["CONTENT_LENGTH"] = str(len(request.body))

    def stream(
        self,
        parts: AsyncIterator[bytes],
        *,
        content_type: str = "text/event-stream; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> StreamingHttpResponse:
        """Answer with what `parts` yields on the loop, after thread and connection have gone back; raises where they could not."""
        if connection.in_atomic_block:
            raise ImproperlyConfigured("a stream begins after its transaction: a connection is never held while it is open")
        default = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(parts, content_type=content_type, headers=default | dict(headers or {}))


class AgentView(OpenView):
    """A view of a tenant's things: knows its actor, and the database knows the tenant."""

    authentication_classes = APIView.authentication_classes
    actor: Actor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Recognise the actor; every statement of this request then carries the tenant (each request runs in a context of its own)."""
        super().initial(request, *args, **kwargs)
        if not isinstance(request.auth, Actor):
            raise NotAuthenticated(MISSING)
        self.actor = request.auth
        current_tenant.set(self.actor.tenant_id)
