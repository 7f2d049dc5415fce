"""What the OpenAPI document says about bodies and answers of assistants."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from assistants import wire
from tenants.models import Json

ID = "6ae4c6a7-94c4-4a8f-9b1d-1f0a4fdd8f3c"
TIME = "2026-01-31T09:30:00.000000+00:00"
NULLABLE: Json = {"type": ["object", "null"]}
ASSISTANT: Json = {
    "type": "object",
    "required": list(wire.FIELDS),
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
SELECTED: Json = {name: part for name, part in ASSISTANT.items() if name != "required"}
VERSION: Json = {
    "type": "object",
    "required": [name for name in wire.FIELDS if name != "updated_at"],
    "properties": {name: part for name, part in ASSISTANT["properties"].items() if name != "updated_at"},
}
DRAWING: Json = {
    "type": "object",
    "required": ["nodes", "edges"],
    "properties": {
        "nodes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "description": "A node of a subgraph is named by its way: `outer:inner:node`."},
                    "type": {"type": "string"},
                    "data": {"type": "object", "properties": {"name": {"type": "string"}}},
                    "metadata": {"type": "object"},
                },
            },
        },
        "edges": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["source", "target"],
                "properties": {
                    "source": {"type": "string"},
                    "target": {"type": "string"},
                    "conditional": {"type": "boolean"},
                    "data": {},
                },
            },
        },
    },
}
KINDS = ("input_schema", "output_schema", "state_schema", "config_schema", "context_schema")
SUBGRAPH: Json = {"type": "object", "required": list(KINDS), "properties": dict.fromkeys(KINDS, NULLABLE)}
SCHEMAS: Json = {
    "type": "object",
    "required": ["graph_id", *KINDS],
    "properties": {"graph_id": {"type": "string"}} | SUBGRAPH["properties"],
}
SUBGRAPHS: Json = {"type": "object", "additionalProperties": SUBGRAPH}
COUNT: Json = {"type": "integer", "minimum": 0}

XRAY = OpenApiParameter(
    "xray",
    {"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 1}]},
    description="Open subgraphs: all of them (`true`), or so many levels.",
)
GRAPH_OR_ID = OpenApiParameter(
    "assistant_id",
    {"type": "string", "minLength": 1},
    OpenApiParameter.PATH,
    description="The UUID of an assistant, or the name of a graph.",
)
RECURSE = OpenApiParameter("recurse", bool, default=False, description="Also subgraphs inside of subgraphs.")
NAMESPACE = OpenApiParameter(
    "namespace",
    str,
    OpenApiParameter.PATH,
    description="Names of nodes joined with `|`, URL-encoded. One inside of another needs `recurse`.",
)
PAGES = [
    OpenApiParameter("X-Pagination-Total", int, OpenApiParameter.HEADER, response=[200], description="A lower bound of how many match."),
    OpenApiParameter("X-Pagination-Next", int, OpenApiParameter.HEADER, response=[200], description="Offset of the next page, if any."),
]
ROW: Json = {
    "assistant_id": ID,
    "graph_id": "support",
    "config": {"configurable": {"tone": "warm"}},
    "context": {"tone": "warm"},
    "metadata": {"team": "red"},
    "name": "Support",
    "created_at": TIME,
    "updated_at": TIME,
    "version": 1,
    "description": None,
}
OLD: Json = {name: part for name, part in ROW.items() if name != "updated_at"}
DRAWN: Json = {
    "nodes": [{"id": "__start__", "type": "runnable", "data": {"name": "__start__"}}, {"id": "__end__"}],
    "edges": [{"source": "__start__", "target": "__end__"}],
}
DESCRIBED: Json = {kind: {"title": "State", "type": "object"} for kind in KINDS} | {"config_schema": {}, "context_schema": None}
GIVEN: Json = {"graph_id": "support", "name": "Support", "context": {"tone": "warm"}, "metadata": {"team": "red"}}


def body(schema: Json) -> Json:
    """A request's JSON."""
    return {"application/json": schema}


def many(schema: Json) -> Json:
    """A bare array."""
    return {"type": "array", "items": schema}


def example(value: Any, *, answered: bool = False) -> OpenApiExample:
    """What is sent, or answered."""
    return OpenApiExample("answer" if answered else "request", value, request_only=not answered, response_only=answered)
