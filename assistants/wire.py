"""Assistants as the wire has them: bodies that are accepted, rows that are answered."""

from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

import jsonschema_rs
from langgraph_sdk import schema

from assistants.models import Assistant, AssistantVersion
from tenants.exceptions import BadRequest, Invalid
from tenants.models import Json
from tenants.validation import check, path_id

FIELDS = ("assistant_id", "graph_id", "name", "description", "config", "context", "created_at", "updated_at", "metadata", "version")
SORTABLE = ("assistant_id", "created_at", "updated_at", "name", "graph_id")
RESERVED_METADATA = frozenset({"thread_id", "run_id", "assistant_id", "cron_id", "counters_since_delta_snapshot"})
RESERVED_KEYS = frozenset({"langgraph_auth_permissions", "langgraph_request_id"})
RESERVED_PREFIXES = ("__", "langgraph_auth_user")
LARGEST = 2**31 - 1
BOTH_GIVEN = (
    "Cannot specify both configurable and context. Prefer setting context alone. "
    "Context was introduced in LangGraph 0.6.0 and is the long term planned replacement for configurable."
)

TEXT: Json = {"type": "string"}
OBJECT: Json = {"type": "object"}
CONTENT: Json = {
    "graph_id": TEXT,
    "config": {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": TEXT},
            "recursion_limit": {"type": "integer", "maximum": LARGEST},
            "configurable": OBJECT,
        },
    },
    "context": OBJECT,
    "metadata": OBJECT,
    "name": TEXT,
    "description": {"type": ["string", "null"]},
}
PAGE: Json = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
    "offset": {"type": "integer", "minimum": 0, "maximum": LARGEST},
}
FILTERS: Json = {"metadata": OBJECT, "graph_id": TEXT, "name": TEXT}


def _body(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


CREATE_BODY = _body(CONTENT | {"assistant_id": TEXT, "if_exists": {"enum": ["raise", "do_nothing"]}}, "graph_id")
PATCH_BODY = _body(CONTENT)
COUNT_BODY = _body(FILTERS)
SEARCH_BODY = _body(
    FILTERS
    | PAGE
    | {
        "sort_by": {"enum": list(SORTABLE)},
        "sort_order": {"enum": ["asc", "desc"]},
        "select": {"type": "array", "items": {"enum": list(FIELDS)}},
    }
)
VERSIONS_BODY = _body(PAGE | {"metadata": OBJECT})
LATEST_BODY = _body({"version": {"type": "integer"}})
CREATE, PATCH, COUNT, SEARCH, VERSIONS, LATEST = (
    jsonschema_rs.validator_for(body) for body in (CREATE_BODY, PATCH_BODY, COUNT_BODY, SEARCH_BODY, VERSIONS_BODY, LATEST_BODY)
)


@dataclass(frozen=True, slots=True)
class AssistantCreate:
    """Body of POST /assistants."""

    graph_id: str
    assistant_id: UUID | None
    name: str
    description: str | None
    config: Json
    context: Json
    metadata: Json
    if_exists: Literal["raise", "do_nothing"]

    @classmethod
    def parse(cls, body: object) -> "AssistantCreate":
        """Check, fill in defaults, drop reserved keys. Raises Invalid, BadRequest."""
        data = _checked(CREATE, body)
        identifier = data.get("assistant_id")
        config, context = mirrored(_config(data), _context(data))
        return cls(
            graph_id=data["graph_id"],
            assistant_id=None if identifier is None else path_id(identifier, "assistant"),
            name=data.get("name", "Untitled"),
            description=data.get("description"),
            config=config or {},
            context=context or {},
            metadata=_metadata(data) or {},
            if_exists=data.get("if_exists", "raise"),
        )


@dataclass(frozen=True, slots=True)
class AssistantPatch:
    """Body of PATCH /assistants/{assistant_id}; None leaves a field as it is."""

    graph_id: str | None
    name: str | None
    description: str | None
    config: Json | None
    context: Json | None
    metadata: Json | None

    @classmethod
    def parse(cls, body: object) -> "AssistantPatch":
        """Check, drop reserved keys. Raises Invalid, BadRequest."""
        data = _checked(PATCH, body)
        config, context = mirrored(_config(data), _context(data))
        return cls(
            graph_id=data.get("graph_id"),
            name=data.get("name"),
            description=data.get("description"),
            config=config,
            context=context,
            metadata=_metadata(data),
        )


@dataclass(frozen=True, slots=True)
class AssistantFilter:
    """Which assistants: body of POST /assistants/count."""

    metadata: Json
    graph_id: str | None
    name: str | None

    @classmethod
    def parse(cls, body: object) -> "AssistantFilter":
        """Raises Invalid."""
        return cls.of(_checked(COUNT, body))

    @classmethod
    def of(cls, data: Json) -> "AssistantFilter":
        """From a checked body."""
        return cls(metadata=data.get("metadata", {}), graph_id=data.get("graph_id"), name=data.get("name"))


@dataclass(frozen=True, slots=True)
class AssistantSearch:
    """Body of POST /assistants/search."""

    filter: AssistantFilter
    limit: int
    offset: int
    sort_by: str
    descending: bool
    select: tuple[str, ...]

    @classmethod
    def parse(cls, body: object) -> "AssistantSearch":
        """Raises Invalid."""
        data = _checked(SEARCH, body)
        return cls(
            filter=AssistantFilter.of(data),
            limit=int(data.get("limit", 10)),
            offset=int(data.get("offset", 0)),
            sort_by=data.get("sort_by", "created_at"),
            descending=data.get("sort_order", "desc") == "desc",
            select=tuple(data.get("select", ())),
        )


@dataclass(frozen=True, slots=True)
class VersionSearch:
    """Body of POST /assistants/{assistant_id}/versions."""

    metadata: Json
    limit: int
    offset: int

    @classmethod
    def parse(cls, body: object) -> "VersionSearch":
        """Raises Invalid."""
        data = _checked(VERSIONS, body)
        return cls(metadata=data.get("metadata", {}), limit=int(data.get("limit", 10)), offset=int(data.get("offset", 0)))


def parse_latest(body: object) -> int | None:
    """The version of POST /assistants/{assistant_id}/latest; one that was not given is found nowhere. Raises Invalid."""
    version = _checked(LATEST, body).get("version")
    return None if version is None else int(version)


def parse_xray(text: str | None) -> int | bool:
    """The query parameter: false, true or a depth. Raises Invalid."""
    match (text or "false").lower():
        case "false":
            return False
        case "true":
            return True
        case depth if depth.isdecimal() and len(depth) < 10 and int(depth) > 0:
            return int(depth)
    raise Invalid("Invalid xray value")


def parse_switch(name: str, text: str | None) -> bool:
    """A query parameter that is on or off; off if it was not given. Raises Invalid."""
    match (text or "false").lower():
        case "false" | "0":
            return False
        case "true" | "1":
            return True
    raise Invalid(f"Invalid {name} value")


def assistant_json(row: Assistant) -> schema.Assistant:
    """As answered."""
    return {
        "assistant_id": str(row.assistant_id),
        "graph_id": row.graph_id,
        "config": cast(schema.Config, row.config),
        "context": row.context,
        "metadata": row.metadata,
        "name": row.name,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "version": row.version,
        "description": row.description,
    }


def version_json(row: AssistantVersion) -> schema.AssistantVersion:
    """As answered."""
    return {
        "assistant_id": str(row.assistant_id),
        "version": row.version,
        "graph_id": row.graph_id,
        "config": cast(schema.Config, row.config),
        "context": row.context,
        "metadata": row.metadata,
        "created_at": row.created_at,
        "name": row.name,
        "description": row.description,
    }


def selected(row: schema.Assistant, select: tuple[str, ...]) -> dict[str, object]:
    """Only the keys asked for; none asked for: all."""
    return {key: value for key, value in row.items() if not select or key in select}


def mirrored(config: Json | None, context: Json | None) -> tuple[Json | None, Json | None]:
    """`config.configurable` and `context` are two names of one thing: whichever is given fills the other. Raises BadRequest for both."""
    configurable = (config or {}).get("configurable")
    if configurable and context:
        raise BadRequest(BOTH_GIVEN)
    if configurable:
        return config, dict(configurable)
    return ({**(config or {}), "configurable": dict(context)} if context else config), context


def _checked(validator: jsonschema_rs.Validator, body: object) -> dict[str, Any]:
    check(validator, body)
    assert isinstance(body, dict)
    return body


def _config(data: Json) -> Json | None:
    config = data.get("config")
    if config is None or "configurable" not in config:
        return config
    return {**config, "configurable": _public(config["configurable"])}


def _context(data: Json) -> Json | None:
    context = data.get("context")
    return None if context is None else _public(context)


def _metadata(data: Json) -> Json | None:
    metadata = data.get("metadata")
    return None if metadata is None else {key: value for key, value in metadata.items() if key not in RESERVED_METADATA}


def _public(values: Json) -> Json:
    return {key: value for key, value in values.items() if key not in RESERVED_KEYS and not key.startswith(RESERVED_PREFIXES)}
