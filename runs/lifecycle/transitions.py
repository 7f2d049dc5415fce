"""Status changes made by services: threads made, runs accepted, cancelled and removed. The worker's own are in `sql/`.

| change                                   | by                        |
|------------------------------------------|---------------------------|
| (none) → run pending, thread busy        | accept, accept_stateless  |
| run pending, running → interrupted       | interrupt_runs            |
| run any → (none)                         | remove_runs               |
| interrupt pending → resolved             | accept                    |
| thread, interrupts → what the head says  | `lifecycle.head`          |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models.functions import Now

from runs.lifecycle.inbox import tell_inbox_on_commit
from runs.lifecycle.thread_metadata import index_pairs
from runs.models import Run, Thread
from tenants.actors import Actor
from tenants.database.prepared import prepared
from tenants.exceptions import Conflict
from tenants.models import Json

HELD = (
    "tenant_id",
    "thread_id",
    "owner",
    "metadata",
    "config",
    "status",
    "graph_id",
    "assistant_id",
    "head_checkpoint_id",
    "temporary",
    "keep",
)
JSON_COLUMNS = ("metadata", "config")
LOCK = f"""
select {", ".join(HELD)} from thread
 where tenant_id = %s and thread_id = %s and ended_at is null for no key update"""

LOCK_ALL = f"""
select {", ".join(HELD)} from thread
 where tenant_id = %s and thread_id = any(%s) and ended_at is null order by thread_id for no key update"""

MAKE_THREAD = """
with made as (
  insert into thread (tenant_id, thread_id, owner, metadata, config, status, interrupts, epoch_ms, temporary, keep)
  values (%(tenant)s, %(thread)s, %(identity)s, %(metadata)s::jsonb, %(config)s::jsonb, 'idle', '{}', 0, false, true)
  on conflict do nothing returning created_at),
indexed as (
  insert into thread_metadata (tenant_id, key, value, thread_id)
  select %(tenant)s, i.key, i.value, %(thread)s from made, unnest(%(keys)s::text[], %(values)s::text[]) i(key, value)),
log as (
  insert into audit_event (tenant_id, actor, address, request_id, action, target_type, target_id)
  select %(tenant)s, %(identity)s, %(address)s, %(request)s, 'thread.create', 'thread', %(thread)s::text from made)
select created_at from made"""

RUN = """
made as (
  insert into run (tenant_id, run_id, thread_id, assistant_id, assistant_version, graph_id, graph_fingerprint, status, attempt, crashes,
                   kwargs, metadata, multitask_strategy, streamed, resumable, created_by, resume_ids, base_checkpoint_id,
                   run_at, created_at)
  values (%(tenant)s, %(run)s, %(thread)s, %(assistant)s, %(version)s, %(graph)s, %(fingerprint)s, 'pending', 0, 0,
          %(kwargs)s::jsonb, %(metadata)s::jsonb, %(strategy)s, %(streamed)s, %(resumable)s, %(identity)s, %(resume_ids)s::text[], %(base)s,
          statement_timestamp() + %(delay)s::interval, statement_timestamp() + %(delay)s::interval)
  returning created_at, updated_at),
log as (
  insert into audit_event (tenant_id, actor, address, request_id, action, target_type, target_id, after)
  values (%(tenant)s, %(identity)s, %(address)s, %(request)s, %(action)s, 'run', %(run)s::text, %(after)s::jsonb))"""

BUSY = """
busy as (
  update thread set status = 'busy', graph_id = %(graph)s, assistant_id = %(assistant)s, metadata = metadata || %(thread_metadata)s::jsonb,
         config = coalesce(%(thread_config)s::jsonb, config), updated_at = statement_timestamp()
   where tenant_id = %(tenant)s and thread_id = %(thread)s)"""

REINDEX = """
unindexed as (delete from thread_metadata where tenant_id = %(tenant)s and thread_id = %(thread)s and key = any(%(keys)s)),
indexed as (
  insert into thread_metadata (tenant_id, key, value, thread_id)
  select %(tenant)s, i.key, i.value, %(thread)s from unnest(%(keys)s::text[], %(values)s::text[]) i(key, value))"""

ANSWER = """
won as (
  update interrupt set status = 'resolved', resume_run_id = %(run)s, closed_by = %(identity)s, closed_actor = %(identity)s,
         closed_at = statement_timestamp()
   where tenant_id = %(tenant)s and thread_id = %(thread)s and interrupt_id = any(%(resume_ids)s) and status = 'pending'
  returning interrupt_id),
answered as (
  insert into decision (tenant_id, decision_id, thread_id, interrupt_id, run_id, actor, value)
  select %(tenant)s, gen_random_uuid(), %(thread)s, a.id, %(run)s, %(identity)s, a.value::jsonb
    from unnest(%(resume_ids)s::text[], %(answers)s::text[]) a(id, value) join won on won.interrupt_id = a.id)"""

HIDDEN = """
hidden as (
  insert into thread (tenant_id, thread_id, owner, metadata, config, status, interrupts, epoch_ms, temporary, keep, graph_id, assistant_id)
  values (%(tenant)s, %(thread)s, %(identity)s, %(thread_metadata)s::jsonb, %(thread_config)s::jsonb, 'busy', '{}', 0, true, %(keep)s,
          %(graph)s, %(assistant)s)),
indexed as (
  insert into thread_metadata (tenant_id, key, value, thread_id)
  select %(tenant)s, i.key, i.value, %(thread)s from unnest(%(keys)s::text[], %(values)s::text[]) i(key, value))"""

ACCEPT = f"with {RUN},{BUSY} select created_at, updated_at, 0 from made"
ACCEPT_AND_INDEX = f"with {RUN},{BUSY},{REINDEX} select created_at, updated_at, 0 from made"
ACCEPT_ANSWER = f"with {RUN},{BUSY},{REINDEX},{ANSWER} select created_at, updated_at, (select count(*) from won) from made"
ACCEPT_STATELESS = f"with {RUN},{HIDDEN} select created_at, updated_at, 0 from made"


@dataclass(frozen=True, slots=True)
class ThreadChange:
    """What accepting a run leaves on its thread. `config` None keeps the thread's; `metadata` is added to it."""

    metadata: Json
    config: Json | None = None
    keep: bool = True


def text(value: object) -> str:
    """JSON for a jsonb parameter."""
    return orjson.dumps(value).decode()


def parsed(value: str | None) -> Any:
    """The other way: Django leaves jsonb of plain cursors unparsed."""
    return None if value is None else orjson.loads(value)


def lock_thread(tenant_id: UUID, thread_id: UUID) -> Thread | None:
    """The thread's row, locked until the transaction ends; large columns are deferred.

    In a statement of its own: the next one sees what was waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, (tenant_id, thread_id))
        row = cursor.fetchone()
    return None if row is None else _held(row)


def lock_threads(tenant_id: UUID, thread_ids: Sequence[UUID]) -> list[Thread]:
    """The same for those of several threads that can be seen, locked in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ALL, (tenant_id, list(thread_ids)))
        return [_held(row) for row in cursor.fetchall()]


def _held(row: Sequence[Any]) -> Thread:
    values = [parsed(value) if name in JSON_COLUMNS else value for name, value in zip(HELD, row, strict=True)]
    return Thread.from_db("default", HELD, values)


def make_thread(actor: Actor, thread_id: UUID, metadata: Json, config: Json) -> Thread | None:
    """Insert an idle thread with its index and audit rows; None if the id is taken. One statement."""
    pairs = index_pairs(metadata)
    parameters = _who(actor) | _index(pairs) | {"thread": thread_id, "metadata": text(metadata), "config": text(config)}
    with connection.cursor() as cursor:
        cursor.execute(MAKE_THREAD, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    made_at: datetime = row[0]
    times = {"created_at": made_at, "updated_at": made_at, "state_updated_at": made_at}
    return Thread(tenant_id=actor.tenant_id, thread_id=thread_id, owner=actor.identity, metadata=metadata, config=config, **times)


def accept(actor: Actor, thread: Thread, run: Run, change: ThreadChange, answers: Mapping[str, Any] | None = None) -> Run:
    """Insert the pending run, its thread becomes busy, the interrupts of `run.resume_ids` are resolved, all audited.

    One statement, under the thread's lock. `answers` (interrupt id → answer; breakpoints have none) become decisions.
    Raises Conflict when an interrupt is no longer pending: the caller's transaction must then roll back.
    """
    changed = {key: value for key, value in index_pairs(change.metadata).items() if index_pairs(thread.metadata).get(key) != value}
    parameters = _who(actor) | _run(run) | _index(changed) | _change(change)
    statement = ACCEPT_AND_INDEX if changed else ACCEPT
    if answers is not None:
        statement = ACCEPT_ANSWER
        parameters["answers"] = [text(answers.get(name)) for name in run.resume_ids or ()]
    won = _insert(statement, parameters, run)
    if answers is not None and won < len(run.resume_ids or ()):
        raise Conflict("This interrupt has been answered already.")
    if answers is not None:
        tell_inbox_on_commit(actor.tenant_id)
    return run


def accept_stateless(actor: Actor, run: Run, change: ThreadChange) -> Run:
    """Insert the pending run with a hidden thread of its own, audited. One statement."""
    pairs = index_pairs(change.metadata)
    _insert(ACCEPT_STATELESS, _who(actor) | _run(run) | _index(pairs) | _change(change), run)
    return run


def interrupt_runs(tenant_id: UUID, run_ids: Sequence[UUID], reason: str) -> None:
    """Pending or running → interrupted, without a lease: from this commit the fence refuses whatever a worker still writes."""
    Run.objects.for_tenant(tenant_id).active().filter(run_id__in=run_ids).update(
        status="interrupted", cancel_reason=reason, lease_until=None, lease_owner=None, ended_at=Now(), updated_at=Now()
    )


def remove_runs(tenant_id: UUID, run_ids: Sequence[UUID]) -> None:
    """Delete the rows with their events, before their checkpoints: the fence then refuses whatever a worker still writes."""
    Run.objects.for_tenant(tenant_id).filter(run_id__in=run_ids).delete()


def _who(actor: Actor) -> Json:
    return {"tenant": actor.tenant_id, "identity": actor.identity, "address": actor.address, "request": actor.request_id}


def _index(pairs: Mapping[str, str]) -> Json:
    return {"keys": list(pairs), "values": list(pairs.values())}


def _change(change: ThreadChange) -> Json:
    return {
        "thread_metadata": text(change.metadata),
        "thread_config": None if change.config is None else text(change.config),
        "keep": change.keep,
    }


def _run(run: Run) -> Json:
    after = {"thread_id": str(run.thread_id), "assistant_id": str(run.assistant_id)}
    if run.resume_ids is not None:
        after |= {"interrupts": ", ".join(run.resume_ids)}
    return {
        "run": run.run_id,
        "thread": run.thread_id,
        "assistant": run.assistant_id,
        "version": run.assistant_version,
        "graph": run.graph_id,
        "fingerprint": run.graph_fingerprint,
        "kwargs": text(run.kwargs),
        "metadata": text(run.metadata),
        "strategy": run.multitask_strategy,
        "streamed": run.streamed,
        "resumable": run.resumable,
        "resume_ids": run.resume_ids,
        "base": run.base_checkpoint_id,
        "delay": timedelta(seconds=run.after_seconds),
        "action": "run.create" if run.resume_ids is None else "run.resume",
        "after": text(after),
    }


def _insert(statement: str, parameters: Json, run: Run) -> int:
    ((run.created_at, run.updated_at, won),) = prepared(statement, parameters)
    run.run_at = run.created_at
    return int(won)
