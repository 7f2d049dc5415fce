"""LangGraph's state read and written by services, inside Django's own transaction."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import orjson
import psycopg
from django.db import DatabaseError, connection
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.pregel import Pregel
from langgraph.types import StateSnapshot, StateUpdate

from assistants.registry.loader import LoadedGraph, registry
from runs.checkpoints.keys import inward, outward, thread_key
from runs.checkpoints.store.service_store import ServiceStore
from tenants.exceptions import BadRequest, Conflict, DomainError, NotFound

logger = logging.getLogger("runs.state")
T = TypeVar("T")
Snapshot = StateSnapshot
# A thread is taken for shorter than it is, since its tenant and its id are not independent: a page was seen to read and sort all of it.
ALONG_THE_KEY = "set local enable_sort = off; set local enable_bitmapscan = off; set local enable_seqscan = off"
NO_CHECKPOINT = "No such checkpoint in namespace '{namespace}'"


class ThreadSaver(PostgresSaver):
    """On Django's connection; its async methods block, since they run on a loop of the thread that owns the connection."""

    def __init__(self, raw: Any, tenant_id: UUID) -> None:
        super().__init__(raw)
        self.raw, self.tenant_id = raw, tenant_id

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint, with the plain thread id."""
        found = self.get_tuple(inward(self.tenant_id, config))
        return found and outward(found)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints of one thread, newest first; without a config there is none."""
        if config is not None:
            psycopg.Cursor(self.raw).execute(ALONG_THE_KEY, prepare=False)
            for found in self.list(inward(self.tenant_id, config), filter=filter, before=before, limit=limit):
                yield outward(found)

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """Write within the caller's transaction."""
        saved = self.put(inward(self.tenant_id, config), checkpoint, metadata, new_versions)
        return {**saved, "configurable": {**saved["configurable"], "thread_id": config["configurable"]["thread_id"]}}

    async def aput_writes(self, config: RunnableConfig, writes: Any, task_id: str, task_path: str = "") -> None:
        """Write within the caller's transaction."""
        self.put_writes(inward(self.tenant_id, config), writes, task_id, task_path)


@dataclass(frozen=True, slots=True)
class Place:
    """A thread's state: at its head, or at a checkpoint; of the root graph, or of a subgraph. `configurable` is what a factory sees."""

    tenant_id: UUID
    thread_id: UUID
    checkpoint_id: str | None = None
    checkpoint_ns: str = ""
    configurable: dict[str, Any] = field(default_factory=dict)

    def config(self) -> RunnableConfig:
        """For LangGraph; nothing of the thread's configuration, which would end up in checkpoints."""
        configurable = {"thread_id": str(self.thread_id), "checkpoint_ns": self.checkpoint_ns}
        return {"configurable": configurable | ({"checkpoint_id": self.checkpoint_id} if self.checkpoint_id else {})}


@dataclass(frozen=True, slots=True)
class Page:
    """Which checkpoints of a history, newest first. `metadata` filters by containment."""

    limit: int
    before: str | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is written to a state, as if the node `as_node` had returned it; `values` may be a command."""

    values: Any
    as_node: str | None = None


def empty_snapshot() -> Snapshot:
    """The state of a thread that never ran."""
    return StateSnapshot({}, (), {"configurable": {}}, None, None, None, (), ())


def read_state(graph: LoadedGraph, place: Place, *, subgraphs: bool = False) -> Snapshot:
    """The state. The transaction must have sent a statement of Django's before: it carries the tenant, which the saver's inherit.

    Raises Conflict when the graph's own code fails on what is stored.
    """

    async def read(pregel: Pregel[Any, Any, Any, Any]) -> Snapshot:
        return _unfinished(await pregel.aget_state(place.config(), subgraphs=subgraphs))

    with _graph_fails_as(_unreadable):
        return with_graph(graph, place, read)


def read_history(graph: LoadedGraph, place: Place, page: Page) -> list[Snapshot]:
    """A page of states, newest first. Transaction and errors as for read_state."""

    async def read(pregel: Pregel[Any, Any, Any, Any]) -> list[Snapshot]:
        before: RunnableConfig | None = {"configurable": {"checkpoint_id": page.before}} if page.before else None
        states = pregel.aget_state_history(place.config(), filter=page.metadata, before=before, limit=page.limit)
        return [state async for state in states]

    with _graph_fails_as(_unreadable):
        return with_graph(graph, place, read)


def write_state(graph: LoadedGraph, place: Place, steps: Sequence[Sequence[Change]]) -> tuple[dict[str, Any], Snapshot]:
    """Write a checkpoint per step on top of the place; answers the last one's configurable and the thread's head. Needs the thread's lock.

    Raises BadRequest when the graph refuses: unknown node, wrong shape, or an error of its own reducers and edges; NotFound for a
    checkpoint that the subgraph does not have.
    """

    async def write(pregel: Pregel[Any, Any, Any, Any]) -> tuple[dict[str, Any], Snapshot]:
        config = place.config()
        config["metadata"] = {"graph_id": graph.graph_id, "thread_id": str(place.thread_id)}
        updates = [[StateUpdate(change.values, change.as_node) for change in step] for step in steps]
        with _graph_fails_as(_refused):
            if place.checkpoint_ns and (await pregel.aget_state(place.config())).created_at is None:
                raise NotFound(NO_CHECKPOINT.format(namespace=place.checkpoint_ns))
            written = await pregel.abulk_update_state(config, updates)
        head = await pregel.aget_state(Place(place.tenant_id, place.thread_id).config())
        return dict(written["configurable"]), _unfinished(head)

    with _graph_fails_as(_unreadable):
        return with_graph(graph, place, write)


def patch_metadata(place: Place, metadata: dict[str, Any]) -> str | None:
    """Merge into the metadata of the thread's head; answers its id, None if there is none. Needs the thread's lock, and no run active."""
    statement = """
        update checkpoints c set metadata = c.metadata || %(metadata)s::jsonb
         where c.thread_id = %(thread)s and c.checkpoint_ns = '' and c.checkpoint_id = (
           select n.checkpoint_id from checkpoints n where n.thread_id = %(thread)s and n.checkpoint_ns = ''
            order by n.checkpoint_id desc limit 1) returning c.checkpoint_id"""
    parameters = {"thread": thread_key(place.tenant_id, place.thread_id), "metadata": orjson.dumps(metadata).decode()}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def find_ancestors(place: Place) -> dict[str, str]:
    """Checkpoint ids by namespace: of a subgraph's checkpoint (else its newest), and of the graphs around it. Raises NotFound."""
    statement = """
        select checkpoint_id, metadata -> 'parents' from checkpoints
         where thread_id = %s and checkpoint_ns = %s and checkpoint_id = coalesce(%s, checkpoint_id) order by checkpoint_id desc limit 1"""
    with connection.cursor() as cursor:
        cursor.execute(statement, (thread_key(place.tenant_id, place.thread_id), place.checkpoint_ns, place.checkpoint_id))
        row = cursor.fetchone()
    if row is None:
        raise NotFound(NO_CHECKPOINT.format(namespace=place.checkpoint_ns))
    return {**orjson.loads(row[1] or "{}"), place.checkpoint_ns: row[0]}


@contextmanager
def _graph_fails_as(told: Callable[[Exception], DomainError]) -> Iterator[None]:
    """The graph's own code (factories, reducers, conditional edges) may raise anything: its errors become one that the caller is told."""
    try:
        yield
    except (DomainError, DatabaseError, psycopg.Error):
        raise
    except Exception as error:
        raise told(error) from error


def _refused(error: Exception) -> DomainError:
    return BadRequest(str(error) or type(error).__name__)


def _unreadable(error: Exception) -> DomainError:
    """A command's update that a reducer refused stays among the pending writes: every read applies it again."""
    logger.warning("state not read", exc_info=error)
    return Conflict(f"The graph cannot read this thread's state ({type(error).__name__}). Update it, or go on from an earlier checkpoint.")


def _unfinished(snapshot: Snapshot) -> Snapshot:
    """A run that was stopped may leave a step whose tasks have all finished but which was not closed: LangGraph calls nothing `next` then.

    There is something to continue, so its tasks are named.
    """
    return snapshot if snapshot.next else snapshot._replace(next=tuple(task.name for task in snapshot.tasks))


def with_graph(graph: LoadedGraph, place: Place, use: Callable[[Pregel[Any, Any, Any, Any]], Awaitable[T]]) -> T:
    """Drive the graph on a fresh loop in the calling thread."""

    store = ServiceStore(place.tenant_id, registry().store)

    async def call(saver: ThreadSaver) -> T:
        config: RunnableConfig = {"configurable": {**place.configurable, "thread_id": str(place.thread_id)}}
        async with graph.graph(config, purpose="state", checkpointer=saver, store=store) as pregel:
            return await use(pregel)

    with _thread_saver(place.tenant_id) as saver:  # outside the loop: Django keeps other connections for coroutines
        return asyncio.run(call(saver))


@contextmanager
def _thread_saver(tenant_id: UUID) -> Iterator[ThreadSaver]:
    """A saver on Django's connection. Its cursors are psycopg's own: Django's client-side ones know no binary results."""
    raw: Any = connection.connection
    ours, raw.cursor_factory = raw.cursor_factory, psycopg.Cursor
    try:
        yield ThreadSaver(raw, tenant_id)
    finally:
        raw.cursor_factory = ours
