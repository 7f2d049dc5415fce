"""What the sweeps do, across tenants, as the system role: it alone may use the alias `system`. It never executes a run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connections, transaction
from redis import RedisError

from runs.lifecycle import queue
from runs.streams import keys
from runs.streams.connection import sync_redis

logger = logging.getLogger("runs.engine")

SERVED_SECONDS = 30
RESCUE = """
with dead as materialized (
  select tenant_id, run_id from run where status = 'running' and lease_until < statement_timestamp()
   order by lease_until limit 500 for no key update skip locked),
back as (
  update run r set status = 'pending', crashes = r.crashes + 1, lease_until = null, lease_owner = null,
         updated_at = statement_timestamp() from dead
   where r.tenant_id = dead.tenant_id and r.run_id = dead.run_id returning r.tenant_id, r.run_id, r.crashes),
log as (
  insert into audit_event (tenant_id, actor, action, target_type, target_id, after)
  select b.tenant_id, 'system:sweeps', 'run.rescue', 'run', b.run_id::text, jsonb_build_object('crashes', b.crashes) from back b)
select tenant_id, run_id, crashes from back
"""
DUE = """
select exists (select 1 from run r
 where r.status = 'pending' and r.graph_fingerprint = any(%s) and r.run_at <= statement_timestamp()
   and (r.run_at <= statement_timestamp() - interval '1 s' or r.run_at > r.updated_at)
   and not exists (select 1 from run o where o.tenant_id = r.tenant_id and o.thread_id = r.thread_id
                    and o.status in ('pending', 'running') and (o.run_at, o.seq) < (r.run_at, r.seq)))
"""
ENDED = """
select tenant_id, thread_id from thread where ended_at < statement_timestamp() - interval '60 s'
 order by ended_at limit 500 for update skip locked
"""
DELETE_RUNS = "delete from run using unnest(%s::uuid[], %s::uuid[]) d(t, h) where tenant_id = d.t and thread_id = d.h"
DELETE_THREADS = "delete from thread using unnest(%s::uuid[], %s::uuid[]) d(t, h) where tenant_id = d.t and thread_id = d.h"
CHECKPOINT_TABLES = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")
OLD_EVENTS = """
delete from run_event where ctid = any(array(
  select ctid from run_event where created_at < statement_timestamp() - make_interval(hours => %s) limit 5000))
"""
EXPIRED_ITEMS = """
delete from store where ctid = any(array(
  select ctid from store where expires_at < statement_timestamp() order by expires_at limit %s for update skip locked))
"""
ITEM_BATCH = 5000
ITEM_BATCHES = 20  # at one sweep


@contextmanager
def sweep(number: int) -> Iterator[Any]:
    """A cursor of the system role, or None where another replica is at this sweep."""
    close_old_connections()
    with transaction.atomic(using="system"), connections["system"].cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(7300, %s)", [number])
        yield cursor if cursor.fetchone()[0] else None


def rescue_expired_runs() -> int:
    """Make runs whose lease has expired pending again, one crash more, and wake a worker. Returns how many."""
    with sweep(1) as cursor:
        if cursor is None:
            return 0
        cursor.execute(RESCUE)
        found = cursor.fetchall()
    for tenant_id, run_id, crashes in found:
        logger.warning("run rescued", extra={"tenant_id": str(tenant_id), "run_id": str(run_id), "crashes": crashes})
    if found:
        queue.wake()
    return len(found)


def rewake_due_runs() -> bool:
    """Send one wake-up if any run that a live worker can serve has been due for a second, or a delayed one is due: nobody woke for that."""
    served = served_fingerprints()
    if not served:
        return False
    with sweep(2) as cursor:
        if cursor is None:
            return False
        cursor.execute(DUE, [served])
        due = bool(cursor.fetchone()[0])
    if due:
        queue.wake(patient=True)
    return due


def served_fingerprints() -> list[str]:
    """What live workers have reported; nothing while Redis is away, since no wake-up could be sent."""
    try:
        client = sync_redis()
        now = client.time()[0]
        found = client.zrangebyscore(keys.served(), now - SERVED_SECONDS, "+inf")
        return [name.decode() for name in found if isinstance(name, bytes)]
    except RedisError:
        return []


def delete_ended_threads() -> int:
    """Remove threads of stateless runs a minute after their end, with everything they left. Returns how many."""
    with sweep(3) as cursor:
        if cursor is None:
            return 0
        cursor.execute(ENDED)
        found = cursor.fetchall()
        if found:
            tenants, threads = [row[0] for row in found], [row[1] for row in found]
            cursor.execute(DELETE_RUNS, [tenants, threads])
            for table in CHECKPOINT_TABLES:
                cursor.execute(f"delete from {table} where thread_id = any(%s)", [[f"{t}:{h}" for t, h in found]])
            cursor.execute(DELETE_THREADS, [tenants, threads])
    return len(found)


def delete_old_events() -> int:
    """Remove one batch of events that are older than the retention time. Returns how many."""
    with sweep(4) as cursor:
        if cursor is None:
            return 0
        cursor.execute(OLD_EVENTS, [settings.EVENT_RETENTION_HOURS])
        return int(cursor.rowcount)


def delete_expired_items() -> int:
    """Remove store items, with their vectors, that nobody sees any more since their time is over; in batches. Returns how many."""
    total = 0
    for _ in range(ITEM_BATCHES):
        with sweep(5) as cursor:
            if cursor is None:
                return total
            cursor.execute(EXPIRED_ITEMS, [ITEM_BATCH])
            removed = int(cursor.rowcount)
            total += removed
            if removed < ITEM_BATCH:
                return total
    return total
