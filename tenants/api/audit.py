"""HTTP of the audit log."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import wire
from tenants.api import schemas
from tenants.api.openapi import body, many
from tenants.api.views import AgentView
from tenants.services.audit import search_events


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
