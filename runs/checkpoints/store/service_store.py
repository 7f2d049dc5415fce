"""The store as services use it, and as graph code sees it that they call: on Django's own connection, in the caller's transaction."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from langgraph.store.base import BaseStore, Item, Op, PutOp, Result, SearchItem
from psycopg.rows import dict_row

from assistants.registry.embedding import StoreConfig, Vectors
from runs.checkpoints.store.ttl import ttl_config
from runs.checkpoints.store.work import Row, Transaction, Work
from tenants.exceptions import Unavailable

logger = logging.getLogger("runs.store")
StoredItem = Item
StoredSearchItem = SearchItem
SET_TENANT = "select set_config('app.tenant_id', %s, true)"


class ServiceStore(BaseStore):
    """One tenant's items. Made outside of a loop: for coroutines Django keeps other connections. Its async methods block."""

    supports_ttl = True

    def __init__(self, tenant_id: UUID, config: StoreConfig) -> None:
        self.tenant_id, self.index = tenant_id, config.index
        self.ttl_config, self.default_ttl = ttl_config(config.ttl), config.ttl.default
        self.wrapper: Any = connections["default"]

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Execute at once."""
        work = self._work(ops)
        return self.perform(work, self.embed(work))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """The same, on a loop of the thread that owns the connection."""
        return self.batch(ops)

    def prepared_put(self, namespace: tuple[str, ...], key: str, value: dict[str, Any], *, index: Any, ttl: float | None) -> "PreparedPut":
        """A put that needs only the database any more. `index` and `ttl` may be None: as configured. Raises Unavailable."""
        work = self._work([PutOp(namespace, key, value, index, self.default_ttl if ttl is None else ttl)])
        return PreparedPut(self, work, self.embed(work))

    def remove(self, namespace: tuple[str, ...], key: str) -> bool:
        """Delete; answers whether there was anything."""
        work = self._work([PutOp(namespace, key, None)])
        self.perform(work, Vectors())
        return work.removed > 0

    def embed(self, work: Work) -> Vectors:
        """Before a transaction is open: it may take seconds. Raises Unavailable when the embedding function fails."""
        if self.index is None:
            return Vectors()
        try:
            return self.index.embedder.embed(work.texts)
        except Exception as error:
            logger.exception("texts could not be embedded", extra={"tenant_id": str(self.tenant_id)})
            raise Unavailable(f"The embedding function of this server failed ({type(error).__name__}). Try again.") from error

    def perform(self, work: Work, vectors: Vectors) -> list[Result]:
        """Execute what has its vectors."""
        steps = work.steps(vectors)
        answer: list[list[Row]] | None = None
        while True:
            try:
                transaction = next(steps) if answer is None else steps.send(answer)
            except StopIteration as end:
                return list(end.value)
            answer = self._executed(transaction)

    def _executed(self, transaction: Transaction) -> list[list[Row]]:
        """The rows of each statement; the tenant travels in the same pipeline."""
        wrapper = self.wrapper
        if not wrapper.in_atomic_block:
            wrapper.close_if_health_check_failed()
            wrapper.ensure_connection()
        raw: psycopg.Connection[Any] = wrapper.connection
        cursors = []
        with wrapper.wrap_database_errors, raw.pipeline():
            psycopg.Cursor(raw).execute(SET_TENANT, (self.tenant_id.hex,))
            for statement in transaction:
                cursors.append(psycopg.Cursor(raw, row_factory=dict_row))
                cursors[-1].execute(statement.text, statement.parameters, binary=True)
                if wrapper.queries_logged:
                    wrapper.queries_log.append({"sql": statement.text, "time": "0"})
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def _work(self, ops: Iterable[Op]) -> Work:
        return Work(self.tenant_id, ops, self.index)


@dataclass(frozen=True, slots=True)
class PreparedPut:
    """A put whose texts have their vectors."""

    store: ServiceStore
    work: Work
    vectors: Vectors

    def execute(self) -> None:
        """Write, in the caller's transaction."""
        self.store.perform(self.work, self.vectors)
