"""JSON bodies in and out."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from tenants.exceptions import Invalid

INVALID = "Invalid JSON in request body"
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def read_json(raw: bytes) -> Any:
    """The value of a body, with U+FFFD for NUL, which PostgreSQL refuses.

    Raises Invalid for what is no JSON, NaN, lone surrogates and too deep nesting.
    """
    if b"\\u0000" in raw:
        raw = NUL.sub(rb"\1\\ufffd", raw)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise (_too_deep() if "depth limit" in str(error) else Invalid(INVALID)) from error
    limit = settings.JSON_DEPTH_LIMIT
    if raw.count(b"{") + raw.count(b"[") > limit and deeper_than(value, limit):
        raise _too_deep()
    return value


def deeper_than(value: Any, limit: int) -> bool:
    """Whether objects and arrays are nested deeper; level by level, so that no depth can exhaust the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def write_json(value: Any) -> bytes:
    """Null fields are written; times are ISO 8601 in UTC with six digits of microseconds."""
    return orjson.dumps(value, _default, orjson.OPT_PASSTHROUGH_DATETIME)


class OrjsonParser(BaseParser):
    """Of every content type: clients are not asked for one."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The body's value."""
        return read_json(stream.read())


class OrjsonRenderer(BaseRenderer):
    """The only format."""

    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None) -> bytes:
        """The body; of an answer that has none (204), nothing."""
        response = (renderer_context or {}).get("response")
        return b"" if data is None and response is not None and response.status_code == 204 else write_json(data)


def _too_deep() -> Invalid:
    return Invalid(f"{INVALID}: nested deeper than {settings.JSON_DEPTH_LIMIT} levels")


def _default(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no JSON form")
