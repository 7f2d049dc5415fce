"""Taking back what runs wrote to LangGraph's tables: their own checkpoints, and what they left on those of others."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from runs.checkpoints.keys import thread_key

# A run that goes on from a checkpoint of another (an answer, a continuation) leaves writes there: the answer, and what its tasks had
# finished. Without this the thread would continue as if answered. Where the run took the place of an older write, that one comes back;
# where a later run has taken its place, the later one then has replaced what was there before.
WITHDRAW = """
with mine as (
  select * from replaced_write where tenant_id = %(tenant)s and run_id = %(run)s),
passed_on as (
  update replaced_write r set written_by = m.written_by, channel = m.channel, type = m.type, blob = m.blob from mine m
   where r.tenant_id = %(tenant)s and r.thread_id = %(thread)s and r.written_by = %(run)s
     and (r.checkpoint_ns, r.checkpoint_id, r.task_id, r.idx) = (m.checkpoint_ns, m.checkpoint_id, m.task_id, m.idx)),
forgotten as (
  delete from replaced_write r
   where r.tenant_id = %(tenant)s and r.thread_id = %(thread)s and r.written_by = %(run)s and not exists (
     select 1 from mine m
      where (r.checkpoint_ns, r.checkpoint_id, r.task_id, r.idx) = (m.checkpoint_ns, m.checkpoint_id, m.task_id, m.idx))),
restored as (
  update checkpoint_writes w set written_by = m.written_by, channel = m.channel, type = m.type, blob = m.blob from mine m
   where w.thread_id = %(key)s and w.written_by = %(run)s
     and (w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx) = (m.checkpoint_ns, m.checkpoint_id, m.task_id, m.idx))
delete from checkpoint_writes w
 where w.thread_id = %(key)s and w.written_by = %(run)s and not exists (
   select 1 from mine m
    where (w.checkpoint_ns, w.checkpoint_id, w.task_id, w.idx) = (m.checkpoint_ns, m.checkpoint_id, m.task_id, m.idx))"""

DELETE = """
with gone as (
  delete from checkpoints where thread_id = %(key)s and metadata ->> 'run_id' = any(%(runs)s)
  returning checkpoint_ns, checkpoint_id, checkpoint -> 'channel_versions' as versions),
unwritten as (
  delete from checkpoint_writes w using gone g
   where w.thread_id = %(key)s and w.checkpoint_ns = g.checkpoint_ns and w.checkpoint_id = g.checkpoint_id),
left_over as (
  select g.checkpoint_ns, v.key as channel, v.value as version from gone g, jsonb_each_text(g.versions) v
  except
  select c.checkpoint_ns, v.key, v.value from checkpoints c, jsonb_each_text(c.checkpoint -> 'channel_versions') v
   where c.thread_id = %(key)s and (c.metadata ->> 'run_id' = any(%(runs)s)) is not true)
delete from checkpoint_blobs b using left_over l
 where b.thread_id = %(key)s and b.checkpoint_ns = l.checkpoint_ns and b.channel = l.channel and b.version = l.version"""


def withdraw_writes(tenant_id: UUID, thread_id: UUID, run_id: UUID) -> None:
    """Put the checkpoints of others back to what they were without this run. Before its row goes, and with that locked."""
    parameters: dict[str, Any] = {"tenant": tenant_id, "thread": thread_id, "run": run_id, "key": thread_key(tenant_id, thread_id)}
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW, parameters)


def delete_run_checkpoints(tenant_id: UUID, thread_id: UUID, run_ids: Sequence[UUID]) -> None:
    """Remove the checkpoints that these runs made, with their pending writes and values. After the runs' rows, in the same transaction."""
    parameters: dict[str, Any] = {"key": thread_key(tenant_id, thread_id), "runs": [str(run_id) for run_id in run_ids]}
    with connection.cursor() as cursor:
        cursor.execute(DELETE, parameters)
