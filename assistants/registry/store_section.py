"""The section `store` of langgraph.json: how items are found by meaning, and how long they live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_DIMS = 16_000  # of pgvector's columns
MOST_PATHS = 32
PATH_BYTES = 256  # they are part of a key, after the item's
SWEEP_MINUTES = 5.0


@dataclass(frozen=True, slots=True)
class IndexSection:
    """`store.index`: what makes the vectors (a provider's model or `path.py:function`), their length, and which fields get one."""

    embed: str
    dims: int
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, value: object) -> "IndexSection":
        """Raises ValueError with what to change."""
        given = _object(value, "store.index")
        embed, dims, fields = given.get("embed"), given.get("dims"), given.get("fields") or ["$"]
        if not isinstance(embed, str) or ":" not in embed:
            raise ValueError("store.index.embed must be 'provider:model' or 'path.py:function'")
        if not isinstance(dims, int) or isinstance(dims, bool) or not 1 <= dims <= MOST_DIMS:
            raise ValueError(f"store.index.dims must be a whole number up to {MOST_DIMS}: the length of the vectors that 'embed' makes")
        fields = [fields] if isinstance(fields, str) else fields
        if not isinstance(fields, list) or not all(isinstance(one, str) and one for one in fields):
            raise ValueError("store.index.fields must be a list of paths, as ['text']; without it the whole value is embedded")
        if not are_indexable(fields):
            raise ValueError(f"store.index.fields may be at most {MOST_PATHS} paths of {PATH_BYTES} bytes")
        return cls(embed, dims, tuple(fields))


@dataclass(frozen=True, slots=True)
class TtlSection:
    """`store.ttl`, in minutes. Without a default, items whose `put` names no `ttl` stay."""

    default: float | None = None
    refresh_on_read: bool = True
    sweep_interval: float = SWEEP_MINUTES

    @classmethod
    def parse(cls, value: object) -> "TtlSection":
        """Raises ValueError with what to change."""
        given = _object(value, "store.ttl")
        default, interval = given.get("default_ttl"), given.get("sweep_interval_minutes")
        refresh = given.get("refresh_on_read", True)
        for name, minutes in (("default_ttl", default), ("sweep_interval_minutes", interval)):
            if minutes is not None and (not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes < 1e9):
                raise ValueError(f"store.ttl.{name} must be a positive number of minutes")
        if not isinstance(refresh, bool):
            raise ValueError("store.ttl.refresh_on_read must be true or false")
        return cls(default, refresh, interval or SWEEP_MINUTES)


@dataclass(frozen=True, slots=True)
class StoreSection:
    """The whole section; without it there is a store, too, whose items are found by filters and stay."""

    index: IndexSection | None = None
    ttl: TtlSection = field(default_factory=TtlSection)

    @classmethod
    def parse(cls, value: object) -> "StoreSection":
        """Raises ValueError with what to change."""
        given = _object(value, "store")
        index, ttl = given.get("index"), given.get("ttl")
        return cls(None if index is None else IndexSection.parse(index), TtlSection() if ttl is None else TtlSection.parse(ttl))


def are_indexable(paths: Sequence[str]) -> bool:
    """Whether these are few and short enough; `{a,b}` counts as two."""
    return sum(1 + path.count(",") for path in paths) <= MOST_PATHS and all(len(path.encode()) <= PATH_BYTES for path in paths)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"'{name}' must be an object")
    return value
