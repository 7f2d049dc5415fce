"""The store that nodes see: bound to the tenant and the run, on the engine's connections, its writes fenced."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from django.conf import settings
from langgraph.store.base import BaseStore, Op, Result
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from assistants.registry.embedding import StoreConfig, Vectors
from runs.checkpoints.repeat import repeated, unbroken
from runs.checkpoints.saver import RunContext, StaleWriter
from runs.checkpoints.store.ttl import ttl_config
from runs.checkpoints.store.work import Row, Transaction, Work

SET_TENANT = "select set_config('app.tenant_id', %s, true)"
LOOK_SECONDS = 1.0
ON_LOOP = (
    "store.{get,put,search,delete,…} would block every run of this worker: in an async node use `await store.aget(…)` and its kin, "
    "or make the node a plain function"
)


class Shelves:
    """What the stores of all runs of a process share. Made on the engine's loop; `stale` hears of runs that are no longer ours."""

    def __init__(self, pool: AsyncConnectionPool[Any], config: StoreConfig, stale: Callable[[RunContext], None]) -> None:
        self.pool, self.index, self.stale = pool, config.index, stale
        self.ttl = ttl_config(config.ttl)
        self.loop = asyncio.get_running_loop()
        self.share = asyncio.Semaphore(max(1, pool.max_size // 2))  # of the pool: the rest is left to claim, write and settle

    def bound_to(self, run: RunContext) -> "TenantStore":
        """The store of one run."""
        return TenantStore(self, run)

    def embed(self, work: Work) -> Vectors:
        """In the calling thread."""
        return self.index.embedder.embed(work.texts) if self.index else Vectors()

    async def aembed(self, work: Work) -> Vectors:
        """Without blocking the loop, holding no connection."""
        return await self.index.embedder.aembed(work.texts) if self.index else Vectors()

    async def perform(self, work: Work, run: RunContext, vectors: Vectors) -> list[Result]:
        """Execute on the engine's loop. Raises StaleWriter, and has the run stopped: LangGraph would go on."""
        steps = work.steps(vectors)
        answer: list[list[Row]] | None = None
        while True:
            try:
                transaction = next(steps) if answer is None else steps.send(answer)
            except StopIteration as end:
                return list(end.value)
            except StaleWriter:
                self.stale(run)
                raise
            answer = await self._executed(transaction, run)

    async def _executed(self, transaction: Transaction, run: RunContext) -> list[list[Row]]:
        """The rows of each statement. One pipeline is one transaction; to repeat it after a lost connection is safe."""

        async def execute() -> list[list[Row]]:
            async with self.share, self.pool.connection() as connection:
                cursors = []
                async with connection.pipeline():
                    await connection.execute(SET_TENANT, (str(run.tenant_id),))
                    for statement in transaction:
                        cursors.append(connection.cursor(binary=True, row_factory=dict_row))
                        await cursors[-1].execute(statement.text, statement.parameters)
                return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]

        return await unbroken(lambda: repeated(execute, settings.LEASE_SECONDS))


class TenantStore(BaseStore):
    """Sees one tenant's items under their plain namespaces; the tenant's id is added on the way in and removed on the way out."""

    __slots__ = ("_run", "_shelves", "ttl_config")
    supports_ttl = True

    def __init__(self, shelves: Shelves, run: RunContext) -> None:
        self._shelves, self._run = shelves, run
        self.ttl_config = shelves.ttl

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """For synchronous nodes, which run in threads. Raises RuntimeError in the engine's own thread, StaleWriter as `abatch`."""
        if _running_loop() is self._shelves.loop:
            raise RuntimeError(ON_LOOP)
        work = self._work(ops)
        vectors = self._shelves.embed(work)
        return self._waited(asyncio.run_coroutine_threadsafe(self._shelves.perform(work, self._run, vectors), self._shelves.loop))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Execute at once, without a batching task. Raises StaleWriter when something is to be written and the run is no longer ours."""
        work = self._work(ops)
        vectors = await self._shelves.aembed(work)
        performed = self._shelves.perform(work, self._run, vectors)
        if _running_loop() is self._shelves.loop:
            return await performed
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(performed, self._shelves.loop))

    def _work(self, ops: Iterable[Op]) -> Work:
        return Work(self._run.tenant_id, ops, self._shelves.index, self._run)

    def _waited(self, future: "Future[list[Result]]") -> list[Result]:
        """Its result; an engine that ends meanwhile would never give one."""
        while True:
            try:
                return future.result(LOOK_SECONDS)
            except TimeoutError:
                if future.done():
                    return future.result()
                if not self._shelves.loop.is_running():
                    raise RuntimeError("the worker has shut down") from None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
