"""The store as services use it, and as graph code sees it that they call: on Django's own connection, in the caller's transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from langgraph.store.base import BaseStore, Op, PutOp, Result
from psycopg.rows import dict_row

from assistants.registry.embedding import StoreConfig, Vectors
from runs.checkpoints.store.ttl import ttl_config
from runs.checkpoints.store.work import Row, Transaction, Work

SET_TENANT = "select set_config('app.tenant_id', %s, true)"


class ServiceStore(BaseStore):
    """One tenant's items. Made outside of a loop: for coroutines Django keeps other connections. Its async methods block."""

    supports_ttl = True

    def __init__(self, tenant_id: UUID, config: StoreConfig) -> None:
        self.tenant_id, self.index = tenant_id, config.index
        self.ttl_config = ttl_config(config.ttl)
        self.wrapper: Any = connections["default"]

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Execute at once."""
        work = Work(self.tenant_id, ops, self.index)
        return self.perform(work, self.embed(work))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """The same, on a loop of the thread that owns the connection."""
        return self.batch(ops)

    def embed(self, work: Work) -> Vectors:
        """What must be done before a transaction is open. Raises whatever the embedding function raises."""
        return self.index.embedder.embed(work.texts) if self.index else Vectors()

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


class PreparedPut:
    """A put whose texts have their vectors: what is left needs only the database."""

    def __init__(self, store: ServiceStore, op: PutOp) -> None:
        self.store, self.work = store, Work(store.tenant_id, [op], store.index)
        self.vectors = store.embed(self.work)

    def execute(self) -> None:
        """Write, in the caller's transaction."""
        self.store.perform(self.work, self.vectors)
