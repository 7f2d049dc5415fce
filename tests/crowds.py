"""Tenants with many threads, made in SQL by the administrator: what measures and tests of cost ask. Also for `bench/run.py`."""

from uuid import UUID

import psycopg

THREADS = """
insert into thread (tenant_id, thread_id, owner, metadata, config, status, "values", interrupts, epoch_ms, temporary, keep, graph_id,
                    created_at, updated_at, state_updated_at)
select %(tenant)s, gen_random_uuid(), 'system:tests',
       jsonb_build_object('graph_id', 'chat', 'user', 'u' || n / 20, 'ticket', n, 'bucket', n %% 10, 'next', (n + 1) %% 10),
       '{}', (array['idle', 'interrupted', 'error', 'idle'])[1 + n %% 4],
       jsonb_build_object('topic', 't' || n %% 7, 'ticket', n, 'text', repeat('words and more ', 20)), '{}', 0, false, true, 'chat',
       now() - n * interval '1 minute', now() - n * interval '1 second', now() - (n * 7919 %% 10007) * interval '1 second'
  from generate_series(%(first)s, %(count)s - 1) n"""
INDEX = """
insert into thread_metadata (tenant_id, key, value, thread_id)
select tenant_id, m.key, m.value::text, thread_id from thread, jsonb_each(metadata) m
 where tenant_id = %(tenant)s and (metadata ->> 'ticket')::int >= %(first)s"""
HISTORY = """
insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
select c.thread_id, '', old.id, c.checkpoint || jsonb_build_object('id', old.id), c.metadata || jsonb_build_object('step', old.n)
  from checkpoints c, lateral (
    select n, '10000000-0000-6000-8000-' || lpad(n::text, 12, '0') as id from generate_series(1, %(count)s) n) old
 where c.thread_id = %(thread)s and c.checkpoint_ns = ''"""
RUNS = """
insert into run (tenant_id, run_id, thread_id, assistant_id, assistant_version, graph_id, graph_fingerprint, status, attempt, crashes,
                 kwargs, metadata, multitask_strategy, streamed, resumable, created_by, created_at)
select tenant_id, gen_random_uuid(), thread_id, assistant_id, assistant_version, graph_id, graph_fingerprint, status, attempt, crashes,
       kwargs, metadata, multitask_strategy, streamed, resumable, created_by, created_at - n * interval '1 minute'
  from run, generate_series(1, %(count)s) n where run_id = %(run)s"""
LOG = """
insert into audit_event (tenant_id, at, actor, action, target_type, target_id)
select %(tenant)s, now() - (%(count)s - n) * interval '1 minute', case n when 1 then 'key:first' else 'key:' || n %% 3 end,
       case n when 1 then 'key.revoke' else 'run.settle' end, case n when 1 then 'api_key' else 'run' end, 't' || n
  from generate_series(1, %(count)s) n"""


def fill(url: str, tenant_id: UUID, count: int, first: int = 0) -> None:
    """Threads of one graph, the newest first, from the number `first` on: 20 to a user, a ticket to each, a tenth to a bucket."""
    _execute(url, {"tenant": tenant_id, "first": first, "count": count}, THREADS, INDEX, "vacuum analyze thread, thread_metadata")


def lengthen(url: str, thread_key: str, count: int) -> None:
    """So many older checkpoints like the thread's only one."""
    _execute(url, {"thread": thread_key, "count": count}, HISTORY, "vacuum analyze checkpoints")


def repeat(url: str, run_id: UUID, count: int) -> None:
    """So many older runs like this one."""
    _execute(url, {"run": run_id, "count": count}, RUNS, "vacuum analyze run")


def log(url: str, tenant_id: UUID, count: int) -> None:
    """So many rows of the audit log, a minute apart: of three actors about runs, but for the first one, about a key."""
    _execute(url, {"tenant": tenant_id, "count": count}, LOG, "vacuum analyze audit_event")


def _execute(url: str, parameters: dict[str, object], *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("set search_path = holdfast")
        admin.execute("set session_replication_role = replica")  # foreign keys are not looked up row by row
        for statement in statements:
            admin.execute(statement.encode(), None if statement.startswith("vacuum") else parameters)
