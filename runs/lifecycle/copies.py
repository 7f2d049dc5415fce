"""A thread's row, index and open interrupts written again under another id: what copying a thread does beside its checkpoints."""

from uuid import UUID

from django.db import connection

from runs.lifecycle.inbox import tell_inbox_on_commit
from runs.models import Thread
from tenants.actors import Actor
from tenants.models import Json

# A failed run is the original's: the copy, which has no runs, is what its head says. Who may answer stays as it was.
COPY = """
with made as (
  insert into thread (tenant_id, thread_id, owner, metadata, config, status, "values", interrupts, graph_id, assistant_id,
                      head_checkpoint_id, epoch_ms, temporary, keep)
  select t.tenant_id, %(copy)s, t.owner, t.metadata, t.config,
         case when t.status <> 'error' then t.status when t.interrupts <> '{}'::jsonb then 'interrupted' else 'idle' end,
         t."values", t.interrupts, t.graph_id, t.assistant_id, t.head_checkpoint_id, 0, false, true
    from thread t where t.tenant_id = %(tenant)s and t.thread_id = %(thread)s),
indexed as (
  insert into thread_metadata (tenant_id, key, value, thread_id)
  select m.tenant_id, m.key, m.value, %(copy)s from thread_metadata m where m.tenant_id = %(tenant)s and m.thread_id = %(thread)s),
waiting as (
  insert into interrupt (tenant_id, thread_id, interrupt_id, review_id, run_id, checkpoint_id, task_id, node, kind, action, value, schema,
                         allowed, requester, status, assistant_id, proposal)
  select i.tenant_id, %(copy)s, i.interrupt_id, gen_random_uuid(), i.run_id, i.checkpoint_id, i.task_id, i.node, i.kind, i.action, i.value,
         i.schema, i.allowed, i.requester, i.status, i.assistant_id, i.proposal
    from interrupt i where i.tenant_id = %(tenant)s and i.thread_id = %(thread)s and i.status = 'pending')
insert into audit_event (tenant_id, actor, address, request_id, action, target_type, target_id, after)
values (%(tenant)s, %(identity)s, %(address)s, %(request)s, 'thread.copy', 'thread', %(copy)s::text,
        jsonb_build_object('copied_from', %(thread)s::text))"""


def copy_rows(actor: Actor, thread: Thread, copy_id: UUID) -> None:
    """Insert the copy's row, index rows, open interrupts and audit row. One statement, under the original's lock, with no run active."""
    parameters: Json = {
        "tenant": thread.tenant_id,
        "thread": thread.thread_id,
        "copy": copy_id,
        "identity": actor.identity,
        "address": actor.address,
        "request": actor.request_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(COPY, parameters)
    tell_inbox_on_commit(actor.tenant_id)
