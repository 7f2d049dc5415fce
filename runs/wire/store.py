"""Store items on the wire: bodies that put, delete, search and list, and the item."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from langgraph.store.base import Item, SearchItem

from runs.wire.query import Query, one, truth
from runs.wire.schema import check
from tenants.exceptions import BadRequest, InvalidLabel, KeyMissing

Json = dict[str, Any]
Namespace = tuple[str, ...]
RESERVED = "langgraph"


@dataclass(frozen=True, slots=True)
class ItemPut:
    """A checked body of `PUT /store/items`. `index`: null as configured, false not at all, or paths. `ttl`: minutes, null as configured."""

    namespace: Namespace
    key: str
    value: Json
    index: Any
    ttl: float | None

    @classmethod
    def parse(cls, body: object) -> "ItemPut":
        """Raises Invalid, InvalidLabel; BadRequest for a namespace that no item may have."""
        given = check("item_put", body)
        namespace = _namespace(given["namespace"])
        if not namespace:
            raise BadRequest("Namespace cannot be empty.")
        if namespace[0] == RESERVED:
            raise BadRequest(f'Root label for namespace cannot be "{RESERVED}".')
        return cls(namespace, given["key"], given["value"], given.get("index"), given.get("ttl"))


@dataclass(frozen=True, slots=True)
class ItemAt:
    """Where an item is. `refresh_ttl`: null as configured."""

    namespace: Namespace
    key: str
    refresh_ttl: bool | None = None

    @classmethod
    def parse(cls, body: object) -> "ItemAt":
        """From a body of `DELETE /store/items`. Raises Invalid, InvalidLabel."""
        given = check("item_delete", body)
        return cls(_namespace(given["namespace"]), given["key"])

    @classmethod
    def of_query(cls, query: Query) -> "ItemAt":
        """From `?namespace=a.b&key=k`. Raises InvalidLabel, KeyMissing."""
        namespace, key = _namespace((one(query, "namespace") or "").split(".")), one(query, "key")
        if not key:
            raise KeyMissing("Key is required")
        return cls(namespace, key, truth(query, "refresh_ttl") if one(query, "refresh_ttl") else None)


@dataclass(frozen=True, slots=True)
class ItemSearch:
    """A checked body of `POST /store/items/search`; without a prefix it means all namespaces."""

    prefix: Namespace
    filter: Json | None
    query: str | None
    limit: int
    offset: int
    refresh_ttl: bool | None

    @classmethod
    def parse(cls, body: object) -> "ItemSearch":
        """Raises Invalid, InvalidLabel."""
        given = check("item_search", body)
        page = int(given.get("limit", 10)), int(given.get("offset", 0))
        prefix = _namespace(given.get("namespace_prefix", ()))
        return cls(prefix, given.get("filter"), given.get("query"), *page, given.get("refresh_ttl"))


@dataclass(frozen=True, slots=True)
class NamespaceSearch:
    """A checked body of `POST /store/namespaces`; a label `*` stands for any one."""

    prefix: Namespace
    suffix: Namespace
    max_depth: int | None
    limit: int
    offset: int

    @classmethod
    def parse(cls, body: object) -> "NamespaceSearch":
        """Raises Invalid, InvalidLabel."""
        given = check("namespaces", body)
        depth = given.get("max_depth")
        page = int(given.get("limit", 100)), int(given.get("offset", 0))
        return cls(_namespace(given.get("prefix", ())), _namespace(given.get("suffix", ())), None if depth is None else int(depth), *page)


class ItemRow(TypedDict):
    """An item as the wire shows it; of a search with its score, null where nothing was compared by meaning."""

    namespace: list[str]
    key: str
    value: Json
    created_at: datetime
    updated_at: datetime
    score: NotRequired[float | None]


def item_json(item: Item) -> ItemRow:
    """The row of an item."""
    return {
        "namespace": list(item.namespace),
        "key": item.key,
        "value": item.value,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }


def found_json(item: SearchItem) -> ItemRow:
    """The row of an item that a search has found."""
    return {**item_json(item), "score": item.score}


def _namespace(labels: Sequence[str]) -> Namespace:
    for label in labels:
        if not label or "." in label:
            raise InvalidLabel(f"Namespace label '{label}' must be a non-empty string without periods")
    return tuple(labels)
