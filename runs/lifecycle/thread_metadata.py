"""Which rows of `thread_metadata` a thread's metadata has: its top-level scalars, as canonical JSON."""

import hashlib
from collections.abc import Mapping

import orjson

LONGEST = 200


def short(text: str) -> str:
    """The text itself, or the digest of one that would not fit an index entry."""
    return text if len(text) <= LONGEST else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> str | None:
    """The index value of a scalar; None for objects and arrays. 1 and 1.0 are one value, as in jsonb."""
    if isinstance(value, dict | list):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return short(orjson.dumps(value).decode())


def index_pairs(metadata: Mapping[str, object]) -> dict[str, str]:
    """Key → value of what is indexed; a search asks for the same pairs and checks the whole metadata again."""
    pairs = ((short(key), canonical(value)) for key, value in metadata.items())
    return {key: value for key, value in pairs if value is not None}
