"""The engine's way to PostgreSQL: an async pool as the worker role, and the functions it may execute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from runs.checkpoints.repeat import repeated
from runs.checkpoints.saver import Rows, RunContext, StaleWriter

CLAIM = "select * from claim_1(%s, %s, %s, %s, %s, %s)"
WRITE = (
    "select ordinal, outcome from write_2(%s::uuid[], %s::uuid[], %s::int[], %s, "
    "%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %b::bytea[], "
    "%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %b::bytea[], "
    "%s::int[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], "
    "%s::int[], %s::int[], %s::text[], %b::bytea[])"
)
SETTLE = (
    "select ordinal, outcome, more from settle_2(%s::uuid[], %s::uuid[], %s::int[], %s, "
    "%s::text[], %s::jsonb[], %s::text[], %s::jsonb[], %s::jsonb[], %s::text[], "
    "%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[], %s::jsonb[], %s::text[])"
)
HAND_BACK = "select hand_back_1(%s::uuid[], %s::uuid[], %s::int[])"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that this process owns while its lease holds."""

    tenant_id: UUID
    run_id: UUID
    thread_id: UUID
    assistant_id: UUID
    graph_id: str
    attempt: int
    crashes: int
    epoch_ms: int
    resume_ids: list[str] | None
    base_checkpoint_id: str | None
    head_checkpoint_id: str | None
    kwargs: dict[str, Any]
    metadata: dict[str, Any]
    created_by: str
    streamed: bool
    resumable: bool
    temporary: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a run ended, as the function `settle_2` takes it; JSON as text.

    `interrupts` are rows (id, task, node, kind, action, value, schema, allowed, proposal).
    """

    tenant_id: UUID
    run_id: UUID
    attempt: int
    status: str
    error: str | None
    thread_status: str
    values: str | None
    thread_interrupts: str | None
    head: str | None
    interrupts: Sequence[tuple[str, str | None, str | None, str, str | None, str | None, str | None, str, str]] = ()


# A server that has gone without a word (a failover) is noticed within seconds, not by the kernel's minutes.
CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "prepare_threshold": 0,
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def open_pool(url: str, connections: int) -> AsyncConnectionPool[Any]:
    """A pool of autocommit connections that prepare each statement at its first use."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=connections,
        open=False,
        kwargs=CONNECTION,
        name="engine",
        reconnect_timeout=60,
    )


class Busy(Exception):
    """Somebody holds the row. A batch never waits, or one frozen client would delay all runs of the process: the item goes again, alone."""


def refusal(outcome: str | None) -> Exception | None:
    """What a write's outcome means to whoever asked for it."""
    if outcome == "ok":
        return None
    return Busy() if outcome == "busy" else StaleWriter("the run is no longer ours")


class EngineDatabase:
    """Claim, write, settle and hand back: one statement each, per batch."""

    def __init__(self, pool: AsyncConnectionPool[Any], owner: str, lease_seconds: float) -> None:
        self.pool, self.owner, self.lease = pool, owner, timedelta(seconds=lease_seconds)

    async def claim(self, slots: int, served: list[str], *, suspects: bool, patient: bool) -> tuple[list[Claimed], bool]:
        """Take due runs, at most `slots`; `suspects` allows one run that has crashed twice.

        Also answers whether a due run was passed over because somebody holds its thread for a moment.
        """
        async with self.pool.connection() as connection, connection.cursor(row_factory=class_row(Claimed)) as cursor:
            await cursor.execute(CLAIM, (self.owner, slots, served, self.lease, suspects, patient))
            found: list[Claimed] = await cursor.fetchall()
        claimed = [run for run in found if run.run_id is not None]
        return claimed, len(claimed) < len(found)

    async def write(self, items: list[tuple[RunContext, Rows]], *, wait: bool = False) -> list[Exception | None]:
        """Write rows of several runs in one statement. StaleWriter for whose run is no longer ours, Busy for whose row somebody holds.

        With `wait`, for one run: until the row is free.
        """
        owners = list({(run.run_id, run.attempt): run for run, _ in items}.values())
        rows = await self._fetch(WRITE, write_arguments(owners, items, wait=wait))
        found = {(owners[ordinal - 1].run_id, owners[ordinal - 1].attempt): outcome for ordinal, outcome in rows}
        return [refusal(found.get((run.run_id, run.attempt))) for run, _ in items]

    async def settle(self, items: list[Settlement], *, wait: bool = False) -> list[tuple[str, bool] | Exception]:
        """End several runs in one statement: per run ('settled' or 'stale', whether its thread has more to do), or Busy.

        With `wait`, for one run: until thread and run are free.
        """
        rows = await self._fetch(SETTLE, settle_arguments(items, wait=wait))
        found = {ordinal - 1: Busy() if outcome == "busy" else (outcome, more) for ordinal, outcome, more in rows}
        return [found.get(position, ("stale", False)) for position in range(len(items))]

    async def hand_back(self, runs: list[Claimed]) -> None:
        """Make runs pending again: this process drains."""
        await self._fetch(HAND_BACK, ([run.tenant_id for run in runs], [run.run_id for run in runs], [run.attempt for run in runs]))

    async def _fetch(self, statement: str, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Repeats after a lost connection: every statement here is safe to repeat, and the lease bounds how long it can matter."""

        async def fetch() -> list[tuple[Any, ...]]:
            async with self.pool.connection() as connection:
                rows: list[tuple[Any, ...]] = await (await connection.execute(statement, arguments)).fetchall()
                return rows

        return await repeated(fetch, self.lease.total_seconds())


def columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows turned into columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def write_arguments(owners: list[RunContext], items: list[tuple[RunContext, Rows]], *, wait: bool) -> tuple[Any, ...]:
    """Arrays for `write_2`. Within one statement a key may come once: the last one counts, as if written one after the other."""
    position = {(run.run_id, run.attempt): number for number, run in enumerate(owners, 1)}
    blobs: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    writes: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    heads: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    events: list[tuple[Any, ...]] = []
    for run, rows in items:
        owner = position[run.run_id, run.attempt]
        for blob in rows.blobs:
            blobs.setdefault((owner, *blob[:3]), (owner, *blob))
        for write in rows.writes:
            writes[owner, write[0], write[1], write[2], write[4]] = (owner, *write)
        for head in rows.checkpoints:
            heads[owner, head[0], head[1]] = (owner, *head)
        events += [(owner, *event) for event in rows.events]
    return (
        [run.tenant_id for run in owners],
        [run.run_id for run in owners],
        [run.attempt for run in owners],
        wait,
        *columns(list(blobs.values()), 6),
        *columns(list(writes.values()), 9),
        *columns(list(heads.values()), 6),
        *columns(events, 4),
    )


def settle_arguments(items: list[Settlement], *, wait: bool) -> tuple[Any, ...]:
    """Arrays for `settle_2`."""
    interrupts = [(owner, *row) for owner, item in enumerate(items, 1) for row in item.interrupts]
    runs = [(i.tenant_id, i.run_id, i.attempt, i.status, i.error, i.thread_status, i.values, i.thread_interrupts, i.head) for i in items]
    tenant, run, attempt, *rest = columns(runs, 9)
    return (tenant, run, attempt, wait, *rest, *columns(interrupts, 10))
