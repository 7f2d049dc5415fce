"""HTTP of assistants, their versions, drawings and schemas."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistants import wire
from assistants.api import openapi
from assistants.api.openapi import body, example, many
from assistants.services import assistants, graphs, versions
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.validation import path_id


class AssistantList(AgentView):
    """POST /assistants."""

    @extend_schema(
        operation_id="create_assistant",
        request=body(wire.CREATE_BODY),
        responses={200: openapi.ASSISTANT},
        examples=[example(openapi.GIVEN), example(openapi.ROW, answered=True)],
    )
    def post(self, request: Request) -> Response:
        """Create an assistant: a graph with configuration of its own."""
        row = assistants.create_assistant(actor=self.actor, request=wire.AssistantCreate.parse(request.data))
        return Response(wire.assistant_json(row))


class AssistantDetail(AgentView):
    """GET and PATCH /assistants/{assistant_id}; its DELETE concerns threads, too, and is in `runs`."""

    @extend_schema(operation_id="get_assistant", responses={200: openapi.ASSISTANT}, examples=[example(openapi.ROW, answered=True)])
    def get(self, request: Request, assistant_id: str) -> Response:
        """One assistant; graph names are not accepted here."""
        return Response(wire.assistant_json(assistants.get_assistant(actor=self.actor, assistant_id=path_id(assistant_id, "assistant"))))

    @extend_schema(
        operation_id="update_assistant",
        request=body(wire.PATCH_BODY),
        responses={200: openapi.ASSISTANT},
        examples=[example({"context": {"tone": "dry"}}), example(openapi.ROW | {"version": 2}, answered=True)],
    )
    def patch(self, request: Request, assistant_id: str) -> Response:
        """Make a new version. Metadata is merged, config and context are replaced."""
        identifier, body = path_id(assistant_id, "assistant"), wire.AssistantPatch.parse(request.data)
        return Response(wire.assistant_json(assistants.update_assistant(actor=self.actor, assistant_id=identifier, request=body)))


class AssistantSearchView(AgentView):
    """POST /assistants/search."""

    @extend_schema(
        operation_id="search_assistants",
        request=body(wire.SEARCH_BODY),
        parameters=openapi.PAGES,
        responses={200: many(openapi.SELECTED)},
        examples=[example({"graph_id": "support", "metadata": {"team": "red"}, "sort_by": "name"}), example([openapi.ROW], answered=True)],
    )
    def post(self, request: Request) -> Response:
        """Find assistants, newest first unless sorted otherwise."""
        search = wire.AssistantSearch.parse(request.data)
        rows, has_more = assistants.search_assistants(actor=self.actor, request=search)
        found = [wire.selected(wire.assistant_json(row), search.select) for row in rows]
        return paginated(found, limit=search.limit, offset=search.offset, has_more=has_more)


class AssistantCount(AgentView):
    """POST /assistants/count."""

    @extend_schema(
        operation_id="count_assistants",
        request=body(wire.COUNT_BODY),
        responses={200: openapi.COUNT},
        examples=[example({"graph_id": "support"}), example(3, answered=True)],
    )
    def post(self, request: Request) -> Response:
        """How many assistants match."""
        return Response(assistants.count_assistants(actor=self.actor, request=wire.AssistantFilter.parse(request.data)))


class AssistantVersions(AgentView):
    """POST /assistants/{assistant_id}/versions."""

    @extend_schema(
        operation_id="list_assistant_versions",
        request=body(wire.VERSIONS_BODY),
        parameters=openapi.PAGES,
        responses={200: many(openapi.VERSION)},
        examples=[example({"limit": 5}), example([openapi.OLD], answered=True)],
    )
    def post(self, request: Request, assistant_id: str) -> Response:
        """The versions of an assistant, newest first."""
        identifier, search = path_id(assistant_id, "assistant"), wire.VersionSearch.parse(request.data)
        rows, has_more = versions.list_versions(actor=self.actor, assistant_id=identifier, request=search)
        return paginated([wire.version_json(row) for row in rows], limit=search.limit, offset=search.offset, has_more=has_more)


class AssistantLatest(AgentView):
    """POST /assistants/{assistant_id}/latest."""

    @extend_schema(
        operation_id="set_latest_assistant_version",
        request=body(wire.LATEST_BODY),
        responses={200: openapi.ASSISTANT},
        examples=[example({"version": 1}), example(openapi.ROW, answered=True)],
    )
    def post(self, request: Request, assistant_id: str) -> Response:
        """Roll an assistant back or forward to one of its versions."""
        identifier, version = path_id(assistant_id, "assistant"), wire.parse_latest(request.data)
        row = versions.set_latest(actor=self.actor, assistant_id=identifier, version=version, now=timezone.now())
        return Response(wire.assistant_json(row))


class AssistantDrawing(AgentView):
    """GET /assistants/{assistant_id}/graph."""

    @extend_schema(
        operation_id="get_assistant_graph",
        parameters=[openapi.GRAPH_OR_ID, openapi.XRAY],
        responses={200: openapi.DRAWING},
        examples=[example(openapi.DRAWN, answered=True)],
    )
    def get(self, request: Request, assistant_id: str) -> Response:
        """Nodes and edges; the name of a graph is accepted here."""
        identifier, xray = assistants.resolve_id(assistant_id), wire.parse_xray(request.query_params.get("xray"))
        return Response(graphs.assistant_drawing(actor=self.actor, assistant_id=identifier, xray=xray))


class AssistantSchemas(AgentView):
    """GET /assistants/{assistant_id}/schemas."""

    @extend_schema(
        operation_id="get_assistant_schemas",
        responses={200: openapi.SCHEMAS},
        examples=[example({"graph_id": "support"} | openapi.DESCRIBED, answered=True)],
    )
    def get(self, request: Request, assistant_id: str) -> Response:
        """JSON schemas of input, output, state, config and context."""
        return Response(graphs.assistant_schemas(actor=self.actor, assistant_id=path_id(assistant_id, "assistant")))


class AssistantSubgraphs(AgentView):
    """GET /assistants/{assistant_id}/subgraphs."""

    @extend_schema(
        operation_id="get_assistant_subgraphs",
        parameters=[openapi.RECURSE],
        responses={200: openapi.SUBGRAPHS},
        examples=[example({"research": openapi.DESCRIBED}, answered=True)],
    )
    def get(self, request: Request, assistant_id: str) -> Response:
        """JSON schemas of the subgraphs, by namespace."""
        return self.found(request, assistant_id, None)

    def found(self, request: Request, assistant_id: str, namespace: str | None) -> Response:
        """Those of one namespace, or of all."""
        identifier, recurse = path_id(assistant_id, "assistant"), wire.parse_switch("recurse", request.query_params.get("recurse"))
        rows = graphs.assistant_subgraphs(actor=self.actor, assistant_id=identifier, namespace=namespace, recurse=recurse)
        return Response(rows)


class AssistantSubgraph(AssistantSubgraphs):
    """GET /assistants/{assistant_id}/subgraphs/{namespace}."""

    @extend_schema(
        operation_id="get_assistant_subgraph",
        parameters=[openapi.NAMESPACE, openapi.RECURSE],
        responses={200: openapi.SUBGRAPHS},
        examples=[example({"research": openapi.DESCRIBED}, answered=True)],
    )
    def get(self, request: Request, assistant_id: str, namespace: str = "") -> Response:
        """JSON schemas of one subgraph; `{}` if the graph has none of this namespace."""
        return self.found(request, assistant_id, namespace)
