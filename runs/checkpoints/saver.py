"""The engine's checkpointer: reads under row-level security, writes through the process's one fenced writer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from uuid import UUID

import orjson
from django.conf import settings
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from runs.checkpoints.keys import inward, outward, thread_key
from runs.checkpoints.repeat import repeated, unbroken

WROTE_COMMAND = """
select 1 from checkpoint_writes where thread_id = %s and task_id = '00000000-0000-0000-0000-000000000000' and written_by = %s limit 1"""


class StaleWriter(Exception):
    """The run is no longer ours: nothing was written."""


@dataclass(slots=True)
class Head:
    """The newest root checkpoint that this run has made, as it was handed to the saver. `written`: or any other, of a subgraph."""

    written: bool = False
    checkpoint_id: str | None = None
    channel_values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunContext:
    """The run in whose task LangGraph calls the saver. `fresh`: its thread has no checkpoint yet, so nothing is read at its start."""

    tenant_id: UUID
    run_id: UUID
    thread_id: UUID
    attempt: int
    fresh: bool
    head: Head


current_run: ContextVar[RunContext] = ContextVar("current_run")


@dataclass(slots=True)
class Rows:
    """What one call wants written; columns as in the function `write_2`, without the owner."""

    blobs: list[tuple[str, str, str, str, bytes | None]] = field(default_factory=list)
    writes: list[tuple[str, str, str, str, int, str, str, bytes]] = field(default_factory=list)
    checkpoints: list[tuple[str, str, str | None, str, str]] = field(default_factory=list)
    events: list[tuple[int, str, bytes]] = field(default_factory=list)


class Writer(Protocol):
    """Writes rows of a run if it is still ours."""

    async def write(self, run: RunContext, rows: Rows) -> None:
        """Return when committed. Raises StaleWriter when the run is no longer ours."""


class FencedSaver(AsyncPostgresSaver):
    """One per worker process; knows the run by a context variable. Neither lock nor thread hop: reads take a pooled connection each."""

    def __init__(self, pool: AsyncConnectionPool[Any], writer: Writer) -> None:
        super().__init__(pool)
        self.writer = writer

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """A cursor whose tenant is set in the same implicit transaction, and gone with it."""
        pool = cast("AsyncConnectionPool[Any]", self.conn)
        async with pool.connection() as connection:
            try:
                async with connection.pipeline(), connection.cursor(binary=True, row_factory=dict_row) as cursor:
                    await connection.execute("select set_config('app.tenant_id', %s, true)", (str(current_run.get().tenant_id),))
                    yield cursor
            except asyncio.CancelledError:
                await connection.close()  # as for `unbroken`
                raise

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        """Without the stock saver's thread hop."""

        def config(checkpoint_id: str) -> RunnableConfig:
            return {
                "configurable": {"thread_id": value["thread_id"], "checkpoint_ns": value["checkpoint_ns"], "checkpoint_id": checkpoint_id}
            }

        checkpoint = value["checkpoint"]
        checkpoint["channel_values"] = {**(checkpoint.get("channel_values") or {}), **self._load_blobs(value["channel_values"])}
        parent = value["parent_checkpoint_id"]
        return CheckpointTuple(
            config(value["checkpoint_id"]),
            checkpoint,
            value["metadata"],
            config(parent) if parent else None,
            self._load_writes(value["pending_writes"]),
        )

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint, with the plain thread id."""
        run = current_run.get()
        configurable = config["configurable"]
        if run.fresh and not run.head.written and not configurable.get("checkpoint_id"):
            return None
        read = super().aget_tuple
        found = await unbroken(lambda: repeated(lambda: read(inward(run.tenant_id, config)), settings.LEASE_SECONDS))
        return outward(found) if found else None

    async def wrote_command(self) -> bool:
        """Whether an earlier attempt of this run has left its command's update and goto among the pending writes."""
        run = current_run.get()

        async def read() -> bool:
            async with self._cursor() as cursor:
                await cursor.execute(WROTE_COMMAND, (thread_key(run.tenant_id, run.thread_id), run.run_id))
                return await cursor.fetchone() is not None

        return await unbroken(lambda: repeated(read, settings.LEASE_SECONDS))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints of one thread, newest first; without a config there is none."""
        if config is None:
            return
        async for found in super().alist(inward(current_run.get().tenant_id, config), filter=filter, before=before, limit=limit):
            yield outward(found)

    async def aget_delta_channel_history(self, *, config: RunnableConfig, channels: Sequence[str]) -> Any:
        """Writes of delta channels since their last snapshot."""
        read, place = super().aget_delta_channel_history, inward(current_run.get().tenant_id, config)
        return await unbroken(lambda: repeated(lambda: read(config=place, channels=channels), settings.LEASE_SECONDS))

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """Return once the flush that carries this checkpoint has committed."""
        run = current_run.get()
        configurable = config["configurable"]
        namespace = configurable.get("checkpoint_ns", "")
        inline: dict[str, Any] = {}
        blobs: dict[str, Any] = {}
        for name, value in checkpoint["channel_values"].items():
            if isinstance(value, _DeltaSnapshot):
                blobs[name], inline[name] = value, True
            elif value is None or isinstance(value, str | int | float | bool):
                inline[name] = value
            else:
                blobs[name] = value
        rows = Rows()
        for name, version in new_versions.items():
            if name in blobs:
                kind, blob = self.serde.dumps_typed(blobs[name])
                rows.blobs.append((namespace, name, str(version), kind, blob))
        row = (json_text({**checkpoint, "channel_values": inline}), json_text(get_serializable_checkpoint_metadata(config, metadata)))
        rows.checkpoints.append((namespace, checkpoint["id"], configurable.get("checkpoint_id"), *row))
        run.head.written = True
        if namespace == "":
            run.head.checkpoint_id, run.head.channel_values = checkpoint["id"], checkpoint["channel_values"]
        await self.writer.write(run, rows)
        return {"configurable": {"thread_id": configurable["thread_id"], "checkpoint_ns": namespace, "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        """Return once the flush that carries these writes has committed."""
        configurable = config["configurable"]
        rows = Rows()
        for index, (channel, value) in enumerate(writes):
            kind, blob = self.serde.dumps_typed(value)
            position = WRITES_IDX_MAP.get(channel, index)
            rows.writes.append(
                (configurable.get("checkpoint_ns", ""), configurable["checkpoint_id"], task_id, task_path, position, channel, kind, blob)
            )
        await self.writer.write(current_run.get(), rows)


def json_text(value: Any) -> str:
    """JSON for a jsonb column: PostgreSQL refuses NUL, so it becomes U+FFFD as everywhere on the wire."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode().replace("\\u0000", "\\ufffd")
