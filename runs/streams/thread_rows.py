"""What a reader of a thread's stream asks PostgreSQL: where the thread is, the stored events of its runs, and which runs have ended."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from runs.streams.rows import ACTIVE, PAGE
from runs.wire.events import DONE, LAST, Cursor, Event
from tenants.database.context import acting_for

RUNS = 20  # whose events are looked for in one statement
NEWEST = 100  # runs among which those are sought that ended unseen

_NOW = """
select t.epoch_ms, r.run_id, r.lease_owner, r.streamed or r.resumable, r.epoch_ms,
       coalesce((select max(e.n) from run_event e where e.tenant_id = r.tenant_id and e.run_id = r.run_id and e.epoch_ms = r.epoch_ms), 0)
  from thread t left join run r on r.tenant_id = t.tenant_id and r.thread_id = t.thread_id and r.status = 'running'
 where t.tenant_id = %(tenant)s and t.thread_id = %(thread)s and t.ended_at is null"""

# The events of one thread's runs lie in the order of the runs' last attempts: attempts of a thread never overlap. A run that was
# cancelled at once may have none in rows; one whose events have expired is not told any more.
_EVENTS = """
with runs as materialized (
  select r.run_id, r.epoch_ms, r.cancel_reason, r.ended_at, r.status <> all(%(active)s) as ended from run r
   where r.tenant_id = %(tenant)s and r.thread_id = %(thread)s and r.resumable and r.epoch_ms >= %(epoch)s
   order by r.epoch_ms limit %(runs)s),
found as (
  select runs.run_id, e.epoch_ms, e.n, e.event, e.data from runs, lateral (
    select epoch_ms, n, event, data from run_event
     where tenant_id = %(tenant)s and run_id = runs.run_id and (epoch_ms, n) > (%(epoch)s, %(n)s) order by epoch_ms, n limit %(page)s) e
  union all
  select runs.run_id, runs.epoch_ms,
         case when runs.cancel_reason is not null then %(last)s when l.epoch_ms = runs.epoch_ms then l.n + 1 else 1 end, null, null
    from runs left join lateral (
      select e.epoch_ms, e.n from run_event e where e.tenant_id = %(tenant)s and e.run_id = runs.run_id
       order by e.epoch_ms desc, e.n desc limit 1) l on true
   where runs.ended and (l.n is not null or runs.ended_at > statement_timestamp() - make_interval(hours => %(hours)s)))
select (select count(*) from runs), (select max(epoch_ms) from runs), f.run_id, f.epoch_ms, f.n, f.event, f.data
  from (values (1)) one left join lateral (
    select * from found where (found.epoch_ms, found.n) > (%(epoch)s, %(n)s) order by found.epoch_ms, found.n limit %(page)s) f on true
 order by f.epoch_ms, f.n"""

_ENDED = """
select run_id, epoch_ms from (
  select run_id, epoch_ms, status, resumable from run
   where tenant_id = %(tenant)s and thread_id = %(thread)s order by created_at desc, seq desc limit %(newest)s) r
 where epoch_ms >= %(epoch)s and not resumable and status <> all(%(active)s) order by epoch_ms"""


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A thread that somebody may follow; `key_id` is the key they used, `epoch_ms` the thread's last epoch when they were authorised."""

    tenant_id: UUID
    thread_id: UUID
    key_id: UUID | None
    epoch_ms: int

    @property
    def run_id(self) -> None:
        """None: all runs."""
        return None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a thread is: its last epoch; of a running run the stored events end at `n`. `quiet_run` sends no events yet."""

    epoch_ms: int
    running: bool
    n: int
    quiet_run: UUID | None
    lease_owner: str | None


def done(run_id: UUID, cursor: Cursor) -> Event:
    """What a thread's readers are shown when a run of it has ended."""
    return Event(*cursor, DONE, orjson.dumps({"status": "run_done", "run_id": str(run_id)}))


def standing(ref: ThreadRef) -> Standing | None:
    """The thread as it is now; None if it has been deleted."""
    with acting_for(ref.tenant_id), connection.cursor() as cursor:
        cursor.execute(_NOW, {"tenant": ref.tenant_id, "thread": ref.thread_id})
        row = cursor.fetchone()
    if row is None:
        return None
    epoch_ms, run_id, lease_owner, published, run_epoch_ms, n = row
    return Standing(run_epoch_ms or epoch_ms, run_id is not None, n, None if published else run_id, lease_owner)


def events_after(ref: ThreadRef, after: Cursor) -> tuple[list[Event], bool]:
    """A page of the stored events of the thread's resumable runs, with a DONE for each that has ended; and whether there may be more."""
    names = _names(ref) | {"runs": RUNS, "page": PAGE, "last": LAST, "hours": settings.EVENT_RETENTION_HOURS}
    while True:
        with acting_for(ref.tenant_id), connection.cursor() as cursor:
            cursor.execute(_EVENTS, names | {"epoch": after[0], "n": after[1]})
            rows = cursor.fetchall()
        (runs, last_epoch_ms), found = rows[0][:2], [_event(*row[2:]) for row in rows if row[2] is not None]
        more = len(found) == PAGE or runs == RUNS
        if found or not more:
            return found, more
        after = (last_epoch_ms, LAST + 1)


def ended_since(ref: ThreadRef, after: Cursor) -> list[Event]:
    """A DONE for each run without stored events that has ended after the cursor, among the newest."""
    names = _names(ref) | {"newest": NEWEST, "epoch": after[0]}
    with acting_for(ref.tenant_id), connection.cursor() as cursor:
        cursor.execute(_ENDED, names)
        found = cursor.fetchall()
    return [done(run_id, (epoch_ms, LAST)) for run_id, epoch_ms in found if after < (epoch_ms, LAST)]


def _names(ref: ThreadRef) -> dict[str, Any]:
    return {"tenant": ref.tenant_id, "thread": ref.thread_id, "active": list(ACTIVE)}


def _event(run_id: UUID, epoch_ms: int, n: int, name: str | None, data: bytes | None) -> Event:
    return done(run_id, (epoch_ms, n)) if name is None or data is None else Event(epoch_ms, n, name, bytes(data))
