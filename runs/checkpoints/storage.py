"""Whole threads in LangGraph's tables: copied, measured, cut down to what their heads need, deleted.

Plain SQL in Django's transaction, under row-level security. `tenant_id` of these tables follows from their key.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from langgraph.checkpoint.postgres.base import PRUNE_DELTA_THREADS_SQL

from runs.checkpoints.keys import thread_key
from runs.wire.storage import Kind, Sizes
from tenants.exceptions import Conflict

TABLES = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")
# One statement, so that all three tables are read at one moment.
COPY = """
with states as (
  insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
  select %(copy)s, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata
    from checkpoints where thread_id = %(thread)s),
blobs as (
  insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
  select %(copy)s, checkpoint_ns, channel, version, type, blob from checkpoint_blobs where thread_id = %(thread)s)
insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, task_path)
select %(copy)s, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob, task_path
  from checkpoint_writes where thread_id = %(thread)s"""

SIZES = """
select 'checkpoints', null, count(*), coalesce(sum(pg_column_size(checkpoint) + pg_column_size(metadata)), 0)
  from checkpoints where thread_id = %(thread)s
union all
select 'channel_values', channel, count(*), coalesce(sum(pg_column_size(blob)), 0)
  from checkpoint_blobs where thread_id = %(thread)s group by channel
union all
select 'pending_writes', null, count(*), coalesce(sum(pg_column_size(blob)), 0) from checkpoint_writes where thread_id = %(thread)s"""

# Of each namespace the newest. The namespace of a subgraph's call (with the id of its task) goes with the root checkpoint it started from;
# that of a subgraph with a memory of its own stays.
PRUNE = """
with newest as materialized (
  select distinct on (checkpoint_ns) checkpoint_ns, checkpoint_id from checkpoints
   where thread_id = %(thread)s order by checkpoint_ns desc, checkpoint_id desc),
kept as materialized (
  select n.checkpoint_ns, n.checkpoint_id, c.versions
    from newest n
   cross join lateral (
     select k.checkpoint -> 'channel_versions' as versions, k.metadata -> 'parents' ->> '' as root from checkpoints k
      where k.thread_id = %(thread)s and k.checkpoint_ns = n.checkpoint_ns and k.checkpoint_id = n.checkpoint_id offset 0) c
   where strpos(n.checkpoint_ns, ':') = 0 or c.root is null
      or c.root = (select r.checkpoint_id from newest r where r.checkpoint_ns = '')
      or not exists (select 1 from checkpoints r where r.thread_id = %(thread)s and r.checkpoint_ns = '' and r.checkpoint_id = c.root)),
writes as (
  delete from checkpoint_writes w where w.thread_id = %(thread)s and not exists (
    select 1 from kept k where k.checkpoint_ns = w.checkpoint_ns and k.checkpoint_id = w.checkpoint_id)),
replaced as (
  delete from replaced_write r where r.tenant_id = %(tenant)s and r.thread_id = %(id)s and not exists (
    select 1 from kept k where k.checkpoint_ns = r.checkpoint_ns and k.checkpoint_id = r.checkpoint_id)),
blobs as (
  delete from checkpoint_blobs b where b.thread_id = %(thread)s and not exists (
    select 1 from kept k where k.checkpoint_ns = b.checkpoint_ns and k.versions ->> b.channel = b.version)),
first as (
  update checkpoints c set parent_checkpoint_id = null from kept k
   where c.thread_id = %(thread)s and c.checkpoint_ns = k.checkpoint_ns and c.checkpoint_id = k.checkpoint_id),
gone as (
  delete from checkpoints c where c.thread_id = %(thread)s and not exists (
    select 1 from kept k where k.checkpoint_ns = c.checkpoint_ns and k.checkpoint_id = c.checkpoint_id) returning 1)
select count(*) from gone"""


def copy_checkpoints(tenant_id: UUID, thread_id: UUID, copy_id: UUID) -> None:
    """Write everything LangGraph stored of a thread again under another id; checkpoint ids, and with them interrupt ids, stay the same."""
    with connection.cursor() as cursor:
        cursor.execute(COPY, {"thread": thread_key(tenant_id, thread_id), "copy": thread_key(tenant_id, copy_id)})


def measure_checkpoints(tenant_id: UUID, thread_id: UUID) -> Sizes:
    """How many rows and bytes of each kind. One statement."""
    sizes = Sizes()
    with connection.cursor() as cursor:
        cursor.execute(SIZES, {"thread": thread_key(tenant_id, thread_id)})
        for kind, channel, count, size in cursor.fetchall():
            if channel is None:
                setattr(sizes, kind, Kind(count, int(size)))
            else:
                sizes.channels[channel] = Kind(count, int(size))
    return sizes


def prune_checkpoints(tenant_id: UUID, thread_id: UUID) -> int:
    """Remove what neither the thread's head nor its subgraphs' heads need; answers how many checkpoints. Needs the lock, and no run active.

    Raises Conflict for a thread with delta channels, whose values are in the history.
    """
    key = thread_key(tenant_id, thread_id)
    with connection.cursor() as cursor:
        cursor.execute(PRUNE_DELTA_THREADS_SQL, ([key], [key]))
        if cursor.fetchall():
            raise Conflict(f"Thread {thread_id} has delta channels: its state is made of its history, which cannot be pruned.")
        cursor.execute(PRUNE, {"thread": key, "tenant": tenant_id, "id": thread_id})
        ((count,),) = cursor.fetchall()
    return int(count)


def delete_checkpoints(tenant_id: UUID, thread_ids: Iterable[UUID]) -> None:
    """Remove everything LangGraph stored of threads. After their runs' rows, in the same transaction."""
    keys = [thread_key(tenant_id, thread_id) for thread_id in thread_ids]
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"delete from {table} where thread_id = any(%s)", (keys,))
