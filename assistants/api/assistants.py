"""HTTP of assistants, their versions, drawings and schemas."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants import wire
from assistants.services import assistants, graphs, versions
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.exceptions import NotSupported
from tenants.models import Json
from tenants.validation import path_id

ASSISTANT: Json = {
    "type": "object",
    "properties": {
        "assistant_id": {"type": "string", "format": "uuid"},
        "graph_id": {"type": "string"},
        "config": {"type": "object"},
        "context": {"type": "object"},
        "metadata": {"type": "object"},
        "name": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "updated_at": {"type": "string", "format": "date-time"},
        "version": {"type": "integer"},
        "description": {"type": ["string", "null"]},
    },
}
VERSION: Json = {"type": "object", "properties": {name: field for name, field in ASSISTANT["properties"].items() if name != "updated_at"}}


def _json(schema: Json) -> Json:
    return {"application/json": schema}


def _many(schema: Json) -> Json:
    return {"type": "array", "items": schema}


class AssistantList(AgentView):
    """POST /assistants."""

    @extend_schema(operation_id="create_assistant", request=_json(wire.CREATE_BODY), responses={200: ASSISTANT})
    def post(self, request: Request) -> Response:
        """Create an assistant: a graph with configuration of its own."""
        row = assistants.create_assistant(actor=self.actor, request=wire.AssistantCreate.parse(request.data))
        return Response(wire.assistant_json(row))


class AssistantDetail(AgentView):
    """GET, PATCH and DELETE /assistants/{assistant_id}."""

    @extend_schema(operation_id="get_assistant", responses={200: ASSISTANT})
    def get(self, request: Request, assistant_id: str) -> Response:
        """One assistant; graph names are not accepted here."""
        return Response(wire.assistant_json(assistants.get_assistant(actor=self.actor, assistant_id=path_id(assistant_id, "assistant"))))

    @extend_schema(operation_id="update_assistant", request=_json(wire.PATCH_BODY), responses={200: ASSISTANT})
    def patch(self, request: Request, assistant_id: str) -> Response:
        """Make a new version. Metadata is merged, config and context are replaced."""
        identifier, body = path_id(assistant_id, "assistant"), wire.AssistantPatch.parse(request.data)
        return Response(wire.assistant_json(assistants.update_assistant(actor=self.actor, assistant_id=identifier, request=body)))

    @extend_schema(operation_id="delete_assistant", responses={204: None})
    def delete(self, request: Request, assistant_id: str) -> Response:
        """Delete an assistant; its runs stay."""
        identifier = path_id(assistant_id, "assistant")
        if request.query_params.get("delete_threads", "false").lower() not in ("", "false", "0"):
            raise NotSupported("delete_threads")
        assistants.delete_assistant(actor=self.actor, assistant_id=identifier, now=timezone.now())
        return Response(status=204)


class AssistantSearchView(AgentView):
    """POST /assistants/search."""

    @extend_schema(operation_id="search_assistants", request=_json(wire.SEARCH_BODY), responses={200: _many(ASSISTANT)})
    def post(self, request: Request) -> Response:
        """Find assistants, newest first unless sorted otherwise."""
        search = wire.AssistantSearch.parse(request.data)
        rows, has_more = assistants.search_assistants(actor=self.actor, request=search)
        found = [wire.selected(wire.assistant_json(row), search.select) for row in rows]
        return paginated(found, limit=search.limit, offset=search.offset, has_more=has_more)


class AssistantCount(AgentView):
    """POST /assistants/count."""

    @extend_schema(operation_id="count_assistants", request=_json(wire.COUNT_BODY), responses={200: {"type": "integer"}})
    def post(self, request: Request) -> Response:
        """How many assistants match."""
        return Response(assistants.count_assistants(actor=self.actor, request=wire.AssistantFilter.parse(request.data)))


class AssistantVersions(AgentView):
    """POST /assistants/{assistant_id}/versions."""

    @extend_schema(operation_id="list_assistant_versions", request=_json(wire.VERSIONS_BODY), responses={200: _many(VERSION)})
    def post(self, request: Request, assistant_id: str) -> Response:
        """The versions of an assistant, newest first."""
        identifier, search = path_id(assistant_id, "assistant"), wire.VersionSearch.parse(request.data)
        rows, has_more = versions.list_versions(actor=self.actor, assistant_id=identifier, request=search)
        return paginated([wire.version_json(row) for row in rows], limit=search.limit, offset=search.offset, has_more=has_more)


class AssistantLatest(AgentView):
    """POST /assistants/{assistant_id}/latest."""

    @extend_schema(operation_id="set_latest_assistant_version", request=_json(wire.LATEST_BODY), responses={200: ASSISTANT})
    def post(self, request: Request, assistant_id: str) -> Response:
        """Roll an assistant back or forward to one of its versions."""
        identifier, version = path_id(assistant_id, "assistant"), wire.parse_latest(request.data)
        row = versions.set_latest(actor=self.actor, assistant_id=identifier, version=version, now=timezone.now())
        return Response(wire.assistant_json(row))


class AssistantDrawing(AgentView):
    """GET /assistants/{assistant_id}/graph."""

    @extend_schema(operation_id="get_assistant_graph", responses={200: {"type": "object"}})
    def get(self, request: Request, assistant_id: str) -> Response:
        """Nodes and edges; the name of a graph is accepted here."""
        identifier = assistants.resolve_id(assistant_id)
        if wire.parse_xray(request.query_params.get("xray")):
            raise NotSupported("xray")
        return Response(graphs.assistant_drawing(actor=self.actor, assistant_id=identifier))


class AssistantSchemas(AgentView):
    """GET /assistants/{assistant_id}/schemas."""

    @extend_schema(operation_id="get_assistant_schemas", responses={200: {"type": "object"}})
    def get(self, request: Request, assistant_id: str) -> Response:
        """JSON schemas of input, output, state, config and context."""
        return Response(graphs.assistant_schemas(actor=self.actor, assistant_id=path_id(assistant_id, "assistant")))
