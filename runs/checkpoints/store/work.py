"""A batch of store operations as steps that know neither loop nor connection: texts to embed, then transactions to execute."""

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from langgraph.store.base import (
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    validate_op_namespace,
)

from assistants.registry.embedding import StoreIndex, Texts, Vectors
from runs.checkpoints.saver import RunContext, StaleWriter, json_text
from runs.checkpoints.store import sql
from runs.checkpoints.store.filters import BadOperation, conditions
from runs.checkpoints.store.vectors import Kind, documents_of, require_paths, vector_text

Row = dict[str, Any]
Steps = Generator["Transaction", "list[list[Row]]", list[Result]]
NAME_BYTES = 2000  # namespace and key together: PostgreSQL's indexes take 2,700
EXACT_VECTORS = 5000
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters."""

    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


Transaction = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """A tenant's namespaces as the column `prefix` has them: its id is the first part, which nobody outside sees or names."""

    tenant_id: UUID

    def prefix(self, namespace: Iterable[str]) -> str:
        """Inward."""
        return ".".join((str(self.tenant_id), *namespace))

    def namespace(self, prefix: str) -> tuple[str, ...]:
        """Outward."""
        return tuple(prefix.split(".")[1:])

    def within(self, namespace: Iterable[str]) -> dict[str, str]:
        """Parameters of `WITHIN`."""
        low = self.prefix(namespace)
        return {"low": low, "high": low + "/", "below": low + "."}


class Work:
    """One batch for one tenant; writes only while `run` is running, if there is one.

    First `texts` must be embedded, outside of any transaction; then each transaction of `steps` is executed and answered with its rows.
    """

    def __init__(self, tenant_id: UUID, ops: Iterable[Op], index: StoreIndex | None, run: RunContext | None = None) -> None:
        self.names, self.index, self.run = Names(tenant_id), index, run
        self.ops = list(ops)
        for op in self.ops:
            validate_op_namespace(op)
        self.puts = self._last_puts()
        self.documents = documents_of(self.puts, index) if index else []
        self.queries = [op.query for op in self.ops if isinstance(op, SearchOp) and op.query] if index else []
        self.removed = 0

    @property
    def texts(self) -> Texts:
        """What needs vectors."""
        return Texts([document.text for document in self.documents], self.queries)

    def steps(self, vectors: Vectors) -> Steps:
        """The transactions: reads first, then all writes as one. Raises StaleWriter when the run is no longer ours."""
        results: list[Result] = [None] * len(self.ops)
        queries = iter(vectors.queries)
        gets = [(place, op) for place, op in enumerate(self.ops) if isinstance(op, GetOp)]
        if gets:
            found = yield from self._get([op for _, op in gets])
            for (place, _), item in zip(gets, found, strict=True):
                results[place] = item
        for place, op in enumerate(self.ops):
            if isinstance(op, SearchOp):
                results[place] = yield from self._search(op, next(queries) if op.query and self.index else None)
            elif isinstance(op, ListNamespacesOp):
                results[place] = yield from self._namespaces(op)
        if self.puts:
            yield from self._put(vectors)
        return results

    def _last_puts(self) -> list[PutOp]:
        """One per item, in the order of their keys, in which every batch locks them."""
        last: dict[tuple[str, str], PutOp] = {}
        for op in self.ops:
            if isinstance(op, PutOp):
                prefix = self.names.prefix(op.namespace)
                if op.value is not None:  # what cannot be there may be deleted
                    require_name(op.namespace, prefix + op.key)
                    require_paths(op)
                last[prefix, op.key] = op
        return [last[name] for name in sorted(last)]

    def _get(self, ops: Sequence[GetOp]) -> Generator[Transaction, list[list[Row]], list[Item | None]]:
        asked = sorted({(self.names.prefix(op.namespace), op.key) for op in ops})
        refreshed = sorted({(self.names.prefix(op.namespace), op.key) for op in ops if op.refresh_ttl})
        parameters = _columns(asked, "prefixes", "keys") | _columns(refreshed, "refreshed_prefixes", "refreshed_keys")
        (rows,) = yield (Statement(sql.GET_AND_REFRESH if refreshed else sql.GET, parameters),)
        found = {(row["prefix"], row["key"]): row for row in rows}
        return [self._item(found.get((self.names.prefix(op.namespace), op.key))) for op in ops]

    def _search(self, op: SearchOp, vector: Sequence[float] | None) -> Generator[Transaction, list[list[Row]], list[SearchItem]]:
        filters, parameters = conditions(op.filter)
        parameters |= self.names.within(op.namespace_prefix) | _page(op)
        if vector is None:
            text = sql.SEARCH_AND_REFRESH if op.refresh_ttl else sql.SEARCH
            (rows,) = yield (Statement(text.format(filters=filters), parameters),)
            return self._found(rows)
        rows = yield from self._nearest(filters, parameters | {"vector": vector_text(vector)})
        if rows and op.refresh_ttl:
            asked = sorted((row["prefix"], row["key"]) for row in rows)
            yield (Statement(sql.REFRESH, _columns(asked, "prefixes", "keys")),)
        return self._found(rows)

    def _nearest(self, filters: str, parameters: dict[str, Any]) -> Generator[Transaction, list[list[Row]], list[Row]]:
        """All vectors one by one where they are few; else by the index, and one by one after all where it found too little."""
        assert self.index is not None
        kind = Kind.of(self.index.dims)

        def statement(near: str, width: int | None) -> Statement:
            text = sql.NEAREST.format(near=near.format(kind=kind, filters=filters), filters=filters)
            return Statement(text, parameters | {"width": width})

        (rows,) = yield (statement(sql.NEAR_EXACT, EXACT_VECTORS + 1),)
        if rows[0]["seen"] > EXACT_VECTORS:
            wanted = parameters["limit"] + parameters["offset"]
            width = 2 * wanted * len(self.index.fields) + 1
            (_, rows) = yield (Statement(sql.ITERATE), statement(sql.NEAR_BY_INDEX, width))
            if len(_real(rows)) < parameters["limit"]:
                (rows,) = yield (statement(sql.NEAR_EXACT, None),)
        return _real(rows)

    def _namespaces(self, op: ListNamespacesOp) -> Generator[Transaction, list[list[Row]], list[tuple[str, ...]]]:
        within: list[str] = []
        parameters: dict[str, Any] = {**_page(op), "deepest": 1 + min(op.max_depth or MOST, MOST)}
        patterns = ""
        for number, condition in enumerate(op.match_conditions or ()):
            if len(self.names.prefix(condition.path).encode()) > NAME_BYTES:
                raise BadOperation(f"A namespace may have at most {NAME_BYTES} bytes.")
            if condition.match_type == "prefix" and not within:
                within = [*_literal(condition)]
            patterns += f" and s.prefix ~ %(pattern{number})s"
            parameters[f"pattern{number}"] = _pattern(str(self.names.tenant_id), condition)
        (rows,) = yield (Statement(sql.NAMESPACES.format(patterns=patterns), parameters | self.names.within(within)),)
        return [tuple(row["namespace"]) for row in rows]

    def _put(self, vectors: Vectors) -> Generator[Transaction, list[list[Row]], None]:
        kept = [op for op in self.puts if op.value is not None]
        gone = [op for op in self.puts if op.value is None]
        fence, parameters = self._fence()
        parameters |= _columns([(self.names.prefix(op.namespace), op.key) for op in kept], "prefixes", "keys")
        parameters |= _columns([(self.names.prefix(op.namespace), op.key) for op in gone], "gone_prefixes", "gone_keys")
        parameters |= {
            "values": [json_text(op.value) for op in kept],
            "ttls": [op.ttl for op in kept],
            "paths": [None if op.index is None else json_text(op.index) for op in kept],
        }
        transaction: Transaction = (Statement(sql.PUT.format(fence=fence), parameters),)
        if self.index is not None and kept:
            rows = [(self.names.prefix(each.namespace), each.key, each.field) for each in self.documents]
            text = sql.PUT_VECTORS.format(fence=fence, kind=Kind.of(self.index.dims))
            given = _columns(rows, "vector_prefixes", "vector_keys", "vector_fields")
            given["vectors"] = [vector_text(vector) for vector in vectors.documents]
            transaction = (*transaction, Statement(text, parameters | given))
        answers = yield transaction
        (answer,) = answers[0]
        if not answer["allowed"]:
            raise StaleWriter("the run is no longer ours")
        self.removed = answer["removed"]

    def _fence(self) -> tuple[str, dict[str, Any]]:
        if self.run is None:
            return sql.OPEN, {}
        return sql.RUNNING, {"tenant": self.run.tenant_id, "run": self.run.run_id, "attempt": self.run.attempt}

    def _item(self, row: Row | None) -> Item | None:
        if row is None:
            return None
        fields = {name: row[name] for name in ("value", "key", "created_at", "updated_at")}
        return Item(namespace=self.names.namespace(row["prefix"]), **fields)

    def _found(self, rows: Iterable[Row]) -> list[SearchItem]:
        return [
            SearchItem(
                self.names.namespace(row["prefix"]),
                row["key"],
                row["value"],
                row["created_at"],
                row["updated_at"],
                row["score"],
            )
            for row in rows
        ]


def require_name(namespace: tuple[str, ...], name: str) -> None:
    """Raises BadOperation for an item that cannot be, by its namespace, and by its prefix and key together."""
    if not namespace:
        raise BadOperation("Namespace cannot be empty.")
    if len(name.encode()) > NAME_BYTES:
        raise BadOperation(f"Namespace and key together may have at most {NAME_BYTES} bytes.")


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _page(op: SearchOp | ListNamespacesOp) -> dict[str, int]:
    if min(op.offset, op.limit) < 0:
        raise BadOperation("limit and offset must not be negative")
    return {"limit": min(op.limit, MOST), "offset": min(op.offset, MOST)}


def _real(rows: Iterable[Row]) -> list[Row]:
    """Without the row that only tells how many vectors were looked at."""
    return [row for row in rows if row["key"] is not None]


def _literal(condition: MatchCondition) -> Iterable[str]:
    """The labels before the first `*`: the part of the index that is read."""
    for label in condition.path:
        if label == "*":
            return
        yield label


def _pattern(tenant: str, condition: MatchCondition) -> str:
    """A regular expression over `prefix`; `*` is one label, never that of the tenant."""
    body = r"\.".join("[^.]+" if label == "*" else re.escape(label) for label in condition.path)
    if condition.match_type == "suffix":
        return rf"^{tenant}\.(.+\.)?{body}\Z" if body else rf"^{tenant}\."
    return rf"^{tenant}\.{body}(\.|\Z)" if body else rf"^{tenant}\."
