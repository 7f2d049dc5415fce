"""JSON schemas of request bodies; a refusal reads exactly as on the recorded server, so the order of enums and keys matters."""

import uuid
from typing import Any

import jsonschema_rs

from runs.wire.query import MOST
from tenants.exceptions import Invalid
from tenants.validation import check as validate

Schema = dict[str, Any]

STREAM_MODES = ("values", "messages", "messages-tuple", "tasks", "checkpoints", "updates", "events", "debug", "custom")
MULTITASK_STRATEGIES = ("reject", "rollback", "interrupt", "enqueue")
CANCELLED_STATUSES = ("pending", "running", "all")
THREAD_STATUSES = ("idle", "busy", "interrupted", "error")
THREAD_SORTS = ("thread_id", "status", "created_at", "updated_at", "state_updated_at")
REVIEW_STATUSES = ("pending", "resolved", "superseded", "closed")
REVIEW_KINDS = ("tool_approval", "batch", "inbox_request", "form", "question", "breakpoint")
THREAD_COLUMNS = ("thread_id", "created_at", "updated_at", "metadata", "config", "context", "status", "values", "interrupts")

_TEXT: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_OBJECT: Schema = {"type": "object"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_ANY: Schema = {"anyOf": [{"type": kind} for kind in ("object", "array", "string", "number", "boolean", "null")]}
_NODES: Schema = {"anyOf": [{"type": "string", "enum": ["*"]}, _TEXTS]}
_MODE: Schema = {"type": "string", "enum": list(STREAM_MODES)}
_SEND: Schema = {"type": "object", "properties": {"node": _TEXT, "input": _ANY}, "required": ["node", "input"]}
_TTL: Schema = {
    "type": "object",
    "properties": {
        "strategy": {"type": "string", "enum": ["delete", "keep_latest"]},
        "ttl": {"type": "number"},
        "sweep_interval_minutes": {"type": "number"},
    },
}
_CHECKPOINT: Schema = {
    "type": "object",
    "properties": {
        "thread_id": _TEXT,
        "checkpoint_ns": _TEXT,
        "checkpoint_id": {"type": ["string", "null"]},
        "checkpoint_map": {"type": ["object", "null"]},
    },
}
_PAIRS: Schema = {"type": "array", "items": {"type": "array", "prefixItems": [_TEXT], "minItems": 2, "maxItems": 2}}
_COMMAND: Schema = {
    "type": "object",
    "properties": {
        "update": {"anyOf": [_OBJECT, _PAIRS, {"type": "null"}]},
        "resume": _ANY,
        "goto": {"anyOf": [_SEND, {"type": "array", "items": _SEND}, _TEXT, _TEXTS, {"type": "null"}]},
    },
}
_CONFIG: Schema = {
    "type": "object",
    "properties": {
        "tags": _TEXTS,
        "recursion_limit": {"type": "integer", "maximum": MOST},
        "max_concurrency": {"type": ["integer", "null"], "maximum": MOST},
        "run_name": {"type": ["string", "null"]},
        "configurable": _OBJECT,
        "metadata": _OBJECT,
    },
}
_SUPERSTEP: Schema = {
    "type": "object",
    "properties": {
        "updates": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "values": _ANY,
                    "command": {"anyOf": [_COMMAND, {"type": "null"}]},
                    "as_node": {"type": ["string", "null"]},
                },
            },
        }
    },
    "required": ["updates"],
}
_OFFSET: Schema = {"type": "integer", "minimum": 0, "maximum": MOST}
BATCH = 500


def _limit(least: int = 1) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": 1000}


def _body(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


_SCHEMAS: dict[str, Schema] = {
    "run": _body(
        {
            "assistant_id": _TEXT,
            "input": _ANY,
            "command": {"anyOf": [_COMMAND, {"type": "null"}]},
            "config": _CONFIG,
            "context": _OBJECT,
            "metadata": _OBJECT,
            "checkpoint": _CHECKPOINT,
            "checkpoint_id": _TEXT,
            "checkpoint_during": _BOOLEAN,
            "durability": {"type": "string", "enum": ["sync", "async", "exit"]},
            "stream_mode": {"anyOf": [{"type": "array", "items": _MODE}, _MODE]},
            "stream_subgraphs": _BOOLEAN,
            "stream_resumable": _BOOLEAN,
            "interrupt_before": _NODES,
            "interrupt_after": _NODES,
            "multitask_strategy": {"type": "string", "enum": list(MULTITASK_STRATEGIES)},
            "if_not_exists": {"type": "string", "enum": ["create", "reject"]},
            "on_completion": {"type": "string", "enum": ["delete", "keep"]},
            "after_seconds": {"type": "number", "minimum": 0, "maximum": MOST},
            "webhook": _TEXT,
            "feedback_keys": _TEXTS,
        },
        "assistant_id",
    ),
    "thread_create": _body(
        {
            "thread_id": _TEXT,
            "metadata": _OBJECT,
            "if_exists": {"type": "string", "enum": ["raise", "do_nothing"]},
            "ttl": _TTL,
            "supersteps": {"type": "array", "items": _SUPERSTEP},
        }
    ),
    "thread_patch": _body({"metadata": _OBJECT, "ttl": _TTL}),
    "thread_search": _body(
        {
            "ids": _TEXTS,
            "metadata": _OBJECT,
            "values": _OBJECT,
            "status": {"type": "string", "enum": list(THREAD_STATUSES)},
            "limit": _limit(),
            "offset": _OFFSET,
            "sort_by": {"type": "string", "enum": list(THREAD_SORTS)},
            "sort_order": {"type": "string", "enum": ["asc", "desc"]},
            "select": {"type": "array", "items": {"type": "string", "enum": list(THREAD_COLUMNS)}},
            "extract": _OBJECT,
        }
    ),
    "prune": _body(
        {"thread_ids": _TEXTS | {"maxItems": 1000}, "strategy": {"type": "string", "enum": ["delete", "keep_latest"]}}, "thread_ids"
    ),
    "state_update": _body(
        {
            "values": {"anyOf": [{"type": "array", "items": _OBJECT}, _OBJECT, {"type": "null"}]},
            "as_node": _TEXT,
            "checkpoint": _CHECKPOINT,
            "checkpoint_id": _TEXT,
        }
    ),
    "runs_cancel": {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": list(CANCELLED_STATUSES)},
            "thread_id": _TEXT,
            "run_ids": {"type": "array", "items": _TEXT, "maxItems": 1000},
        },
        "oneOf": [{"required": ["status"]}, {"required": ["thread_id", "run_ids"]}],
    },
    "state_patch": _body({"metadata": _OBJECT}),
    "state_at": _body({"checkpoint": _CHECKPOINT, "subgraphs": _BOOLEAN, "select": _TEXTS}, "checkpoint"),
    "history": _body(
        {"limit": _limit(0), "before": {"type": ["object", "string"]}, "metadata": _OBJECT, "checkpoint": _CHECKPOINT, "select": _TEXTS}
    ),
    "item_put": _body(
        {
            "namespace": _TEXTS,
            "key": _TEXT,
            "value": _OBJECT,
            "index": {"anyOf": [{"type": "boolean", "enum": [False]}, _TEXTS]},
            "ttl": {"type": ["number", "null"], "minimum": 0, "maximum": MOST},
        },
        "namespace",
        "key",
        "value",
    ),
    "item_delete": _body({"namespace": _TEXTS, "key": _TEXT}, "namespace", "key"),
    "item_search": _body(
        {
            "namespace_prefix": _TEXTS,
            "filter": _OBJECT,
            "limit": _limit(0),
            "offset": _OFFSET,
            "query": _TEXT,
            "refresh_ttl": _BOOLEAN,
        }
    ),
    "namespaces": _body(
        {
            "prefix": _TEXTS,
            "suffix": _TEXTS,
            "max_depth": {"type": "integer", "minimum": 1, "maximum": MOST},
            "limit": _limit(0),
            "offset": _OFFSET,
        }
    ),
}

_DECISION: Schema = {
    "type": "object",
    "properties": {
        "decision": {"type": "string", "enum": ["approve", "edit", "respond", "reject", "ignore", "continue"]},
        "args": _OBJECT,
        "action": _TEXT,
        "message": _TEXT,
        "value": _ANY,
    },
    "required": ["decision"],
}
_SCHEMAS["review_search"] = _body(
    {
        "status": {"type": "string", "enum": list(REVIEW_STATUSES)},
        "assistant_id": _TEXT,
        "thread_id": _TEXT,
        "tool": _TEXT,
        "kind": {"type": "string", "enum": list(REVIEW_KINDS)},
        "assignee": _TEXT,
        "unassigned": _BOOLEAN,
        "limit": _limit(),
        "offset": _OFFSET,
        "after": _TEXT,
        "sort_order": {"type": "string", "enum": ["asc", "desc"]},
    }
)
_SCHEMAS["review_decide"] = {
    "type": "object",
    "properties": {
        **_DECISION["properties"],
        "decisions": {"type": "array", "items": _DECISION, "maxItems": BATCH},
        "shown_digest": _TEXT,
        "idempotency_key": {"type": "string", "minLength": 1, "maxLength": 200},
        "after_seconds": {"type": "number", "minimum": 0, "maximum": 60},
    },
    "oneOf": [{"required": ["decision"]}, {"required": ["decisions"]}],
}
_SCHEMAS["review_assign"] = _body({"assignee": {"type": ["string", "null"], "minLength": 1, "maxLength": 200}})
_SCHEMAS["review_comment"] = _body({"text": {"type": "string", "minLength": 1, "maxLength": 10_000}}, "text")
_SCHEMAS["run_batch"] = {"type": "array", "items": _SCHEMAS["run"], "minItems": 1, "maxItems": BATCH}

_VALIDATORS = {name: jsonschema_rs.validator_for(schema) for name, schema in _SCHEMAS.items()}


def check(name: str, body: object) -> dict[str, Any]:
    """The body without its nulls, which mean "not given" (but for `assistant_id`). Invalid, with the recorded text, if it is wrong."""
    given = _given(body)
    validate(_VALIDATORS[name], given)
    assert isinstance(given, dict)
    return given


def check_batch(body: object) -> list[dict[str, Any]]:
    """The bodies of a batch, each as `check` leaves it. Invalid if one is wrong."""
    given = [_given(each) for each in body] if isinstance(body, list) else body
    validate(_VALIDATORS["run_batch"], given)
    assert isinstance(given, list)
    return given


def _given(body: object) -> object:
    return {key: value for key, value in body.items() if value is not None or key == "assistant_id"} if isinstance(body, dict) else body


def checkpoint_id(value: object) -> str | None:
    """A checkpoint id in its one spelling, None if there is none."""
    if value is None or value == "":
        return None
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as error:
        raise Invalid("Invalid checkpoint ID") from error
