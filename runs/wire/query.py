"""Query parameters in all the spellings that clients use."""

from collections.abc import Mapping, Sequence

import orjson

from tenants.exceptions import BadRequest, Invalid

Query = Mapping[str, Sequence[str]]

MOST = 2**31 - 1


def one(query: Query, name: str) -> str | None:
    """The last value of a parameter, with U+FFFD for NUL as in bodies."""
    values = query.get(name)
    return values[-1].replace("\0", "\ufffd") if values else None


def many(query: Query, *names: str) -> tuple[str, ...]:
    """All values of a parameter that may be repeated, a JSON array, or separated by commas; several names are synonyms."""
    return tuple(item for name in names for value in query.get(name, ()) for item in _items(value))


def truth(query: Query, name: str) -> bool:
    """Whether a parameter says yes."""
    return (one(query, name) or "").lower() in ("1", "true", "yes")


def number(query: Query, name: str, default: int, *, most: int = MOST) -> int:
    """A count; BadRequest if it is no integer, Invalid if it is out of range."""
    text = one(query, name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if not 0 <= value <= most:
        raise Invalid(f"Invalid {name} {value}")
    return value


def _items(value: str) -> list[str]:
    if value.startswith("["):
        try:
            items = orjson.loads(value)
        except orjson.JSONDecodeError:
            return [value]
        return [str(item) for item in items]
    return [item for item in value.split(",") if item]
