"""HTTP of the store."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.store import delete_item, get_item, list_namespaces, put_item, search_items
from runs.wire.store import ItemAt, ItemPut, ItemSearch, NamespaceSearch, found_json, item_json
from tenants.api.views import AgentView
from tenants.models import Json

SAMPLE: Json = {"namespace": ["memories", "ann"], "key": "color", "value": {"text": "likes blue"}}
LABELS: dict[Any, Any] = {(422, "text/plain"): openapi.TEXT, (422, "application/json"): openapi.ERROR}
EITHER: Json = {"anyOf": [openapi.ERROR, openapi.thing("error", error=openapi.TEXT)]}


class StoreItems(AgentView):
    """PUT, GET and DELETE /store/items."""

    @extend_schema(
        operation_id="put_item",
        request=openapi.body(openapi.ITEM_PUT),
        responses={204: OpenApiResponse(description="Written.")} | LABELS,
        examples=[OpenApiExample("a memory", SAMPLE | {"ttl": 1440}, request_only=True)],
    )
    def put(self, request: Request) -> Response:
        """Write an item, replacing its value; `ttl` in minutes, `index` false or the paths to embed."""
        put_item(actor=self.actor, request=ItemPut.parse(request.data))
        return Response(status=204)

    @extend_schema(
        operation_id="get_item",
        parameters=[openapi.NAMESPACE, openapi.KEY, openapi.REFRESH],
        responses={200: openapi.NULLABLE_ITEM, 400: EITHER} | LABELS,
    )
    def get(self, request: Request) -> Response:
        """One item, or null."""
        item = get_item(actor=self.actor, at=ItemAt.of_query(dict(request.query_params.lists())))
        return Response(None if item is None else item_json(item))

    @extend_schema(
        operation_id="delete_item",
        responses={204: OpenApiResponse(description="It is not there (any more).")} | LABELS,
        extensions={"x-request-body": openapi.ITEM_AT},
    )
    def delete(self, request: Request) -> Response:
        """Remove an item."""
        delete_item(actor=self.actor, at=ItemAt.parse(request.data))
        return Response(status=204)


class StoreItemSearch(AgentView):
    """POST /store/items/search."""

    @extend_schema(
        operation_id="search_items",
        request=openapi.body(openapi.ITEM_SEARCH),
        responses={200: openapi.FOUND_ITEMS} | LABELS,
        examples=[OpenApiExample("recent", {"namespace_prefix": ["memories"], "filter": {"n": {"$gte": 2}}}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Items of a namespace and below, filtered by their values; by meaning with `query`, where the server has an index."""
        items = search_items(actor=self.actor, request=ItemSearch.parse(request.data))
        return Response({"items": [found_json(item) for item in items]})


class StoreNamespaces(AgentView):
    """POST /store/namespaces."""

    @extend_schema(
        operation_id="list_namespaces",
        request=openapi.body(openapi.NAMESPACES),
        responses={200: openapi.FOUND_NAMESPACES} | LABELS,
        examples=[OpenApiExample("users", {"prefix": ["memories", "*"], "max_depth": 2}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Namespaces that have items, sorted; `*` in `prefix` and `suffix` is any one label."""
        found = list_namespaces(actor=self.actor, request=NamespaceSearch.parse(request.data))
        return Response({"namespaces": [list(namespace) for namespace in found]})
