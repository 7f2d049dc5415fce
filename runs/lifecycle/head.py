"""A thread's row and interrupts made equal to its head checkpoint: what state updates, cancels and removed runs do after their write."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from runs.lifecycle.inbox import tell_inbox_on_commit
from runs.lifecycle.interrupts import PendingInterrupt, pending_interrupts
from runs.models import Interrupt, Thread
from runs.wire.encoding import dumps
from runs.wire.interrupts import interrupts_by_task
from tenants.actors import Actor
from tenants.models import Json

APPLY = """
with th as (
  update thread t set "values" = %(values)s::jsonb, interrupts = %(interrupts)s::jsonb, head_checkpoint_id = %(head)s,
         status = case when a.active then 'busy' else %(status)s end, error = case when a.active then t.error else %(error)s::jsonb end,
         updated_at = statement_timestamp(), state_updated_at = statement_timestamp(),
         epoch_ms = greatest((extract(epoch from statement_timestamp()) * 1000)::bigint, t.epoch_ms + 1),
         ended_at = case when t.temporary and not t.keep and not a.active then statement_timestamp() end
    from (select exists (select 1 from run
                          where tenant_id = %(tenant)s and thread_id = %(thread)s and status in ('pending', 'running')) active) a
   where t.tenant_id = %(tenant)s and t.thread_id = %(thread)s
  returning t.epoch_ms),
fresh as (
  select * from unnest(%(ids)s::text[], %(tasks)s::text[], %(nodes)s::text[], %(kinds)s::text[], %(actions)s::text[],
                       %(interrupt_values)s::text[], %(schemas)s::text[], %(allowed)s::text[], %(proposals)s::text[])
             f(id, task_id, node, kind, action, value, schema, allowed, proposal)),
gone as (
  update interrupt set status = 'superseded', closed_by = %(closed_by)s, closed_actor = %(identity)s, closed_at = statement_timestamp()
   where tenant_id = %(tenant)s and thread_id = %(thread)s and status = 'pending' and interrupt_id <> all(%(ids)s::text[])
  returning interrupt_id),
kept as (
  insert into interrupt (tenant_id, thread_id, interrupt_id, review_id, checkpoint_id, task_id, node, kind, action, value, schema, allowed,
                         status, requester, assistant_id, proposal)
  select %(tenant)s, %(thread)s, f.id, gen_random_uuid(), %(head)s, f.task_id, f.node, f.kind, f.action, f.value::jsonb, f.schema::jsonb,
         array(select jsonb_array_elements_text(f.allowed::jsonb)), 'pending', %(identity)s, %(assistant)s, f.proposal
    from fresh f
  on conflict (tenant_id, thread_id, interrupt_id) do update
     set status = 'pending', resume_run_id = null, closed_by = null, closed_actor = null, closed_at = null,
         changed_at = statement_timestamp(), action = excluded.action, value = excluded.value, schema = excluded.schema,
         allowed = excluded.allowed, proposal = excluded.proposal,
         former = case when interrupt.proposal is distinct from excluded.proposal then interrupt.proposal else interrupt.former end
   where interrupt.status <> 'pending' and not exists (
     select 1 from run n
      where n.tenant_id = interrupt.tenant_id and n.run_id = interrupt.resume_run_id and n.status in ('pending', 'running'))
  returning interrupt_id, xmax <> 0 as reopened),
log as (
  insert into audit_event (tenant_id, actor, address, request_id, action, target_type, target_id, after)
  select %(tenant)s, %(identity)s, %(address)s, %(request)s, c.action, 'interrupt', c.interrupt_id,
         jsonb_build_object('thread_id', %(thread)s::text, 'by', %(closed_by)s::text)
    from (select 'interrupt.supersede', interrupt_id from gone
          union all select 'interrupt.reopen', interrupt_id from kept where reopened) c(action, interrupt_id))
select epoch_ms from th"""

UNREAD = """
with reopened as (
  update interrupt i set status = 'pending', resume_run_id = null, closed_by = null, closed_actor = null, closed_at = null,
         changed_at = statement_timestamp()
   where i.tenant_id = %(tenant)s and i.thread_id = %(thread)s and i.status = 'resolved' and i.checkpoint_id = %(head)s and not exists (
     select 1 from run n where n.tenant_id = i.tenant_id and n.run_id = i.resume_run_id and n.status in ('pending', 'running'))
  returning 1)
update thread t set error = %(error)s::jsonb,
       head_checkpoint_id = (select max(c.checkpoint_id) from checkpoints c
                              where c.thread_id = %(tenant)s::text || ':' || %(thread)s::text and c.checkpoint_ns = ''),
       updated_at = statement_timestamp(),
       ended_at = case when t.temporary and not t.keep and not exists (
                            select 1 from run where tenant_id = %(tenant)s and thread_id = %(thread)s and status in ('pending', 'running'))
                       then statement_timestamp() end,
       status = case when exists (select 1 from run
                                   where tenant_id = %(tenant)s and thread_id = %(thread)s and status in ('pending', 'running')) then 'busy'
                     when t.interrupts <> '{}'::jsonb or exists (select 1 from reopened) then 'interrupted' else 'idle' end
 where t.tenant_id = %(tenant)s and t.thread_id = %(thread)s"""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changed the head, by what (`run:<id>` or `update:<checkpoint>`), and the error that the thread's row then shows."""

    actor: Actor
    by: str
    error: Json | None = None


def apply_head(thread: Thread, snapshot: Any, cause: Cause) -> int:
    """Make values, status, error and interrupts those of this snapshot: new → inserted, open again → pending, gone → superseded.

    Answers the change's place among the thread's events, an epoch of its own. Needs the thread's lock; audits what is open again or gone.
    The thread stays busy while other runs are pending. An interrupt that a pending resume names stays resolved.
    """
    read = snapshot.created_at is not None
    head = snapshot.config["configurable"].get("checkpoint_id") if read else None
    rows = pending_interrupts(snapshot, breakpoint_hit=_breakpoint_known(thread, head)) if read and snapshot.next else []
    parameters = _cause(thread, cause) | {
        "values": dumps(snapshot.values).decode() if read else None,
        "interrupts": dumps(interrupts_by_task(snapshot.tasks)).decode(),
        "head": head,
        "status": "interrupted" if snapshot.next else "idle",
        "closed_by": cause.by,
    }
    with connection.cursor() as cursor:
        cursor.execute(APPLY, parameters | _columns(rows))
        (epoch_ms,) = cursor.fetchone()
    tell_inbox_on_commit(thread.tenant_id)
    return int(epoch_ms)


def apply_without_reading(thread: Thread, cause: Cause) -> None:
    """What can be said when the thread's graph cannot be loaded: head, status, error; answers that no run carries are open again."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, _cause(thread, cause) | {"head": thread.head_checkpoint_id})
    tell_inbox_on_commit(thread.tenant_id)


def _breakpoint_known(thread: Thread, head: str | None) -> bool:
    """A head with work to do is a breakpoint only if a run stopped there: cancels and updates leave such heads, too."""
    return Interrupt.objects.for_tenant(thread.tenant_id).filter(thread_id=thread.thread_id, kind="breakpoint", checkpoint_id=head).exists()


def _cause(thread: Thread, cause: Cause) -> Json:
    return {
        "tenant": thread.tenant_id,
        "thread": thread.thread_id,
        "assistant": thread.assistant_id,
        "identity": cause.actor.identity,
        "address": cause.actor.address,
        "request": cause.actor.request_id,
        "error": None if cause.error is None else dumps(cause.error).decode(),
    }


def _columns(rows: list[PendingInterrupt]) -> Json:
    return {
        "ids": [row.interrupt_id for row in rows],
        "tasks": [row.task_id for row in rows],
        "nodes": [row.node for row in rows],
        "kinds": [row.kind for row in rows],
        "actions": [row.action for row in rows],
        "interrupt_values": [dumps(row.value).decode() for row in rows],
        "schemas": [None if row.schema is None else dumps(row.schema).decode() for row in rows],
        "allowed": [dumps(row.allowed).decode() for row in rows],
        "proposals": [row.proposal for row in rows],
    }
