"""HTTP of the audit log."""

from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import wire
from tenants.api import schemas
from tenants.api.bodies import write_json
from tenants.api.openapi import body, many
from tenants.api.views import AgentView
from tenants.models import AuditEvent
from tenants.services.audit import export_events, search_events


class AuditExport(AgentView):
    """GET /tenant/audit/export."""

    @extend_schema(
        operation_id="export_audit",
        parameters=schemas.AUDIT_FILTERS,
        responses={(200, "application/x-ndjson"): schemas.TEXT},
        examples=[
            OpenApiExample(
                "answer",
                write_json(schemas.EVENT_ROW).decode() + "\n",
                response_only=True,
                status_codes=["200"],
                media_type="application/x-ndjson",
            )
        ],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """The log as JSON lines, newest first, with the filters of the search; the export is itself in the log."""
        wanted = wire.AuditSearch.of_query(dict(request.query_params.lists()))
        pages = export_events(actor=self.actor, request=wanted)
        return self.stream(lines(pages), content_type="application/x-ndjson")


class AuditSearchView(AgentView):
    """POST /tenant/audit/search."""

    @extend_schema(
        operation_id="search_audit",
        request=body(wire.AUDIT_SEARCH),
        parameters=[schemas.CURSOR],
        responses={200: many(schemas.EVENT)},
        examples=[
            schemas.sent({"target_type": "api_key", "since": "2026-11-01T00:00:00Z", "limit": 50}),
            schemas.answered([schemas.EVENT_ROW]),
        ],
    )
    def post(self, request: Request) -> Response:
        """Who changed what, and what was refused, newest first; the next page begins `before` the last row of this one."""
        wanted = wire.AuditSearch.parse(request.data)
        events = search_events(actor=self.actor, request=wanted)
        rows = [wire.audit_json(event) for event in events[: wanted.limit]]
        more = len(events) > wanted.limit
        return Response(rows, headers={"X-Pagination-Next": str(rows[-1]["id"])} if more else {})


async def lines(pages: AsyncIterator[list[AuditEvent]]) -> AsyncIterator[bytes]:
    """A page's rows as JSON, one to a line."""
    async for events in pages:
        yield b"".join(write_json(wire.audit_json(event)) + b"\n" for event in events)
