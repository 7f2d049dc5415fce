"""JSON of graph values: orjson, with what it does not know turned into what clients of the wire expect."""

import base64
import re
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
from langchain_core.messages import BaseMessage
from langgraph.types import Send

from runs.wire.masking import masked

Write = Callable[[Any], Any]

_FAST = orjson.OPT_SERIALIZE_NUMPY
_LENIENT = _FAST | orjson.OPT_NON_STR_KEYS
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


def dumps(value: object) -> bytes:
    """JSON of a graph value on one line; unknown objects become null. TypeError for integers beyond 64 bit and keys that are no scalars."""
    try:
        # Keys are strings nearly always, and the option that admits others makes them slower.
        text = orjson.dumps(value, default=_default, option=_FAST)
    except TypeError:
        text = _dumps_leniently(value)
    # PostgreSQL refuses NUL in jsonb.
    return _ESCAPED_NUL.sub(rb"\1" + _REPLACEMENT, text) if rb"\u0000" in text else text


def dumps_whatever(value: object) -> bytes:
    """As `dumps`, but a part that JSON cannot hold becomes null instead of an error: for what only observes a run and must not fail it."""
    try:
        return dumps(value)
    except TypeError:
        return dumps(_writable(value, _DEEPEST))


def to_json(value: object) -> Any:
    """The value as plain JSON data: what a client reads after `dumps`."""
    return orjson.loads(dumps(value))


def message_json(message: BaseMessage) -> dict[str, Any]:
    """A message's keys in the wire's order; for reading only, since it may be the message's own dict."""
    # Pydantic keeps fields in the order of their definition, which is the wire's; model_dump gives the same and costs ten times as much.
    extra = message.__pydantic_extra__
    return {**message.__dict__, **extra} if extra else message.__dict__


def dumps_message_tuple(chunk: BaseMessage, metadata: orjson.Fragment | dict[str, Any]) -> bytes:
    """Data of one `messages` event. Pass the metadata as a Fragment where it does not change from token to token."""
    return dumps((message_json(chunk), metadata))


def _dumps_leniently(value: object) -> bytes:
    try:
        return orjson.dumps(value, default=_default, option=_LENIENT)
    except TypeError as error:
        if "surrogates" not in str(error):
            raise
    return orjson.dumps(_mended(value), default=_default, option=_LENIENT)


def _default(value: object) -> Any:
    return _writer(cast(Hashable, type(value)))(value)


@lru_cache(maxsize=4096)
def _writer(kind: Any) -> Write:
    if issubclass(kind, BaseMessage):
        return message_json
    if issubclass(kind, BaseException):
        return masked
    for method in ("model_dump", "dict", "_asdict"):
        if callable(getattr(kind, method, None)) and not issubclass(kind, type):
            return _caller(method)
    for kinds, write in _WRITERS:
        if issubclass(kind, kinds):
            return write
    return _null


def _caller(method: str) -> Write:
    return lambda value: getattr(value, method)()


def _null(_: Any) -> None:
    return None


def _decimal(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)


def _base64(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


_WRITERS: tuple[tuple[type | tuple[type, ...], Write], ...] = (
    (Send, lambda send: {"node": send.node, "args": send.arg}),
    ((set, frozenset, deque), list),
    ((timezone, ZoneInfo), lambda value: value.tzname(None)),
    (timedelta, lambda value: value.total_seconds()),
    (Decimal, _decimal),
    ((Path, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network), str),
    (re.Pattern, lambda value: value.pattern),
    ((bytes, bytearray), _base64),
)

_SCALARS = (int, float, bool, type(None), timedelta, Decimal, bytes)


_DEEPEST = 64


def _writable(value: Any, depth: int) -> Any:
    """A copy with null where `dumps` gives up, found part by part; only for the rare value that has such a part."""
    try:
        return orjson.Fragment(dumps(value))
    except TypeError:
        if depth == 0:
            return None
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _writable(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [_writable(item, depth - 1) for item in value]
    if isinstance(value, BaseMessage):
        return _writable(message_json(value), depth - 1)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _writable(getattr(value, field.name), depth - 1) for field in fields(value)}
    return None


def _mended(value: Any) -> Any:
    """A copy with each lone surrogate as `?`, which is what the wire shows; only for the rare value that has one."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Enum):
        return _mended(value.value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list | set | frozenset | deque) or type(value) is tuple:
        return [_mended(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _mended(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, _SCALARS):
        return value
    written = _default(value)
    # What orjson writes by itself (datetime, UUID, arrays) has no writer here, and holds no text.
    return value if written is None else _mended(written)
