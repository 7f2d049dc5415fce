"""What a reader of a run's stream asks PostgreSQL: the row, its stored events; and what all readers ask every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.db import connection

from runs.models import Run, RunEvent
from runs.wire.events import END, REPLAY, Cursor, End, Event
from tenants.database.context import acting_for

LOST = "__lost__"  # precedes END where events may be missing: the edge shows the final state instead; never leaves the server
PAGE = 500
ACTIVE = frozenset({"pending", "running"})
_POLL = "select ordinal, status, access, epoch_ms from poll_streams_1(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])"


class Followed(Protocol):
    """What somebody follows: a run, or all runs of a thread; `key_id` is the key they used."""

    @property
    def tenant_id(self) -> UUID:
        """Whose it is."""

    @property
    def thread_id(self) -> UUID:
        """The thread."""

    @property
    def run_id(self) -> UUID | None:
        """The run, None for all."""

    @property
    def key_id(self) -> UUID | None:
        """The key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the poll says of one reader: the status of its run or thread (None: gone), whether the key still opens it, its last epoch."""

    status: str | None
    access: bool
    epoch_ms: int


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run that somebody may follow, as it was when they were authorised; `key_id` is the key they used."""

    tenant_id: UUID
    thread_id: UUID
    run_id: UUID
    resumable: bool
    streamed: bool
    lease_owner: str | None
    status: str
    key_id: UUID | None

    @property
    def ended(self) -> bool:
        """Whether the row was terminal."""
        return self.status not in ACTIVE

    @classmethod
    def of(cls, run: Run, key_id: UUID | None) -> "RunRef":
        """The reference to this row."""
        return cls(run.tenant_id, run.thread_id, run.run_id, run.resumable, run.streamed, run.lease_owner, run.status, key_id)


def run_now(ref: RunRef) -> RunRef | None:
    """The run as it is now; None if it has been deleted."""
    with acting_for(ref.tenant_id):
        found = Run.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).values_list("lease_owner", "status").first()
    return replace(ref, lease_owner=found[0], status=found[1]) if found else None


def events_after(ref: RunRef, after: Cursor) -> list[Event]:
    """Up to PAGE stored events, in order."""
    rows = RunEvent.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id, epoch_ms__gte=after[0])
    rows = rows.exclude(epoch_ms=after[0], n__lte=after[1]).exclude(event=END).order_by("epoch_ms", "n")
    with acting_for(ref.tenant_id):
        found = list(rows.values_list("epoch_ms", "n", "event", "data")[:PAGE])
    return [Event(epoch_ms, n, event, bytes(data)) for epoch_ms, n, event, data in found]


def last_cursor(ref: RunRef) -> Cursor:
    """Where the stored events end now; REPLAY if there are none."""
    rows = RunEvent.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).order_by("-epoch_ms", "-n")
    with acting_for(ref.tenant_id):
        return rows.values_list("epoch_ms", "n").first() or REPLAY


def expired(ref: RunRef) -> bool:
    """Whether the run was claimed, so that it had events, and none is stored any more."""
    events = RunEvent.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id)
    with acting_for(ref.tenant_id):
        claimed = Run.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).exclude(epoch_ms=None).exists()
        return claimed and not events.exists()


def end_of(ref: RunRef, seen: Cursor | None, *, lost: bool) -> list[Event]:
    """The end as the row tells it, after LOST if events may be missing before it."""
    with acting_for(ref.tenant_id):
        found = Run.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).values_list("status", "error").first()
    status, error = found or ("interrupted", None)
    epoch_ms, n = seen or REPLAY
    end = Event(epoch_ms, n + 2, END, End(status, None, error if lost else None).data())
    return [Event(epoch_ms, n + 1, LOST, b"null"), end] if lost else [end]


def poll(refs: Sequence[Followed]) -> list[Answer]:
    """An answer for each; one statement for all tenants."""
    answers = [Answer(None, True, 0)] * len(refs)
    columns = zip(*[(ref.tenant_id, ref.thread_id, ref.run_id, ref.key_id) for ref in refs], strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_POLL, [list(column) for column in columns])
        for ordinal, *answer in cursor.fetchall():
            answers[ordinal - 1] = Answer(*answer)
    return answers
