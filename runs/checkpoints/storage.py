"""Whole threads in LangGraph's tables: copied, measured, cut down to what their heads need. Plain SQL in Django's transaction, under
row-level security."""

from uuid import UUID

from django.db import connection

from runs.checkpoints.keys import thread_key

# One statement, so that all three tables are read at one moment. `tenant_id` follows from the key.
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


def copy_checkpoints(tenant_id: UUID, thread_id: UUID, copy_id: UUID) -> None:
    """Write everything LangGraph stored of a thread again under another id; checkpoint ids, and with them interrupt ids, stay the same."""
    with connection.cursor() as cursor:
        cursor.execute(COPY, {"thread": thread_key(tenant_id, thread_id), "copy": thread_key(tenant_id, copy_id)})
