"""HTTP of the server itself: health, facts, documentation. Open to everybody."""

from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import openapi
from runs.services.system import database_answers, info, readiness
from runs.wire.query import number
from tenants.api.views import OpenView
from tenants.models import Json

VERBS = ("get", "post", "put", "patch", "delete")


class Ok(OpenView):
    """GET /ok."""

    @extend_schema(operation_id="ok", parameters=[openapi.CHECK], responses={200: openapi.OK})
    def get(self, request: Request) -> Response:
        """The process answers; `check_db=1` asks the database, too."""
        if number(dict(request.query_params.lists()), "check_db", 0):
            database_answers()
        return Response({"ok": True, "services": {}})


class Root(Ok):
    """GET /, which means the same."""

    @extend_schema(operation_id="root", parameters=[openapi.CHECK], responses={200: openapi.OK})
    def get(self, request: Request) -> Response:
        """The process answers, as `/ok` does."""
        return super().get(request)


class Ready(OpenView):
    """GET /ready."""

    @extend_schema(operation_id="ready", responses={200: openapi.READY, 503: openapi.READY})
    def get(self, request: Request) -> Response:
        """Whether this process can take work. Without Redis it can: runs start a little later."""
        found = readiness()
        return Response(found, status=200 if found["ready"] else 503)


class Info(OpenView):
    """GET /info."""

    @extend_schema(operation_id="info", responses={200: openapi.INFO})
    def get(self, request: Request) -> Response:
        """Versions, and what clients may use."""
        return Response(info())


class OpenApiDocument(OpenView):
    """GET /openapi.json."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The document."""
        return Response(document())


class Docs(OpenView):
    """GET /docs."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The same document as a page: one file, no scripts, nothing from elsewhere."""
        found = document()
        return HttpResponse(render_to_string("api_docs.html", {"info": found["info"], "groups": grouped(found)}))


def grouped(found: Json) -> list[Json]:
    """The operations of a document as its page shows them, by the first part of their paths."""
    groups: dict[str, list[Json]] = {}
    for path, item in found["paths"].items():
        for verb in VERBS:
            if verb in item:
                name = path.split("/")[1] if path.count("/") > 1 or path in ("/assistants", "/threads", "/runs", "/tenant") else "system"
                groups.setdefault(name, []).append(shown(verb, path, item[verb]))
    return [{"name": name.capitalize(), "operations": operations} for name, operations in groups.items()]


def shown(verb: str, path: str, operation: Json) -> Json:
    """One operation in words: parameters and the fields of its body, and the statuses it answers with."""
    parameters = [{"name": each["name"], "place": each["in"], "value": valued(each["schema"])} for each in operation.get("parameters", ())]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, schema in content["schema"].get("properties", {}).items():
            parameters.append({"name": name, "place": "body", "value": valued(schema)})
    return {
        "id": operation["operationId"],
        "verb": verb.upper(),
        "path": path,
        "description": operation.get("description", "").replace("`", ""),
        "parameters": parameters,
        "answers": ", ".join(operation["responses"]),
    }


def valued(schema: Json) -> str:
    """A schema in words."""
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(valued(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return "list of " + (valued(schema.get("items", {})) or "anything")
    kinds = schema.get("type", "anything")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def document() -> dict[str, Any]:
    """OpenAPI of everything in the URLconf."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular has no types here
    return found
