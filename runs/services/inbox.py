"""Following the inbox: what has changed since a cursor, then whatever changes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField
from django.db.models.functions import Greatest

from runs.services.review import told, tombstone, with_answers
from runs.streams.hub import hub
from runs.streams.inbox import InboxReader, InboxRef
from runs.streams.read import AccessLost
from runs.wire.reviews import FoundReview
from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.database.threads import in_database
from tenants.models import AuditEvent
from tenants.policy import Permission, require

OVERLAP = timedelta(seconds=10)  # times are those of statements: a transaction may commit behind a later one
PAUSE_SECONDS = 0.2  # at most five reads a second, however much changes
PAGE = 500


@dataclass(frozen=True, slots=True)
class Changes:
    """Items as they are now. `reset`: these are the open ones, whatever was known before; `more`: there are more than a page of them."""

    cursor: datetime
    items: list[FoundReview]
    reset: bool = False
    more: bool = False


@dataclass(slots=True)
class Inbox:
    """Somebody's view of the tenant's inbox: how far they are, and what they have been sent of the last seconds."""

    actor: Actor
    cursor: datetime | None = None
    sent: dict[UUID, datetime] = field(default_factory=dict)

    def read(self) -> Changes:
        """From a thread: what has changed since the cursor, at first without one the open items."""
        with acting_for(self.actor.tenant_id):
            changes = self._open_items() if self.cursor is None else self._since(self.cursor)
        self.cursor = changes.cursor
        return changes

    def _open_items(self) -> Changes:
        with connection.cursor() as cursor:
            cursor.execute("select statement_timestamp()")
            (now,) = cursor.fetchone()
        rows = told(self.actor, list(with_answers(self.actor).filter(status="pending").order_by("-created_at", "-review_id")[: PAGE + 1]))
        self.sent = {found.row.review_id: changed_at(found) for found in rows}
        return Changes(now, rows[:PAGE], reset=True, more=len(rows) > PAGE)

    def _since(self, cursor: datetime) -> Changes:
        after = cursor - OVERLAP
        changed = Greatest("created_at", "changed_at", "closed_at", output_field=DateTimeField())  # as the index has it
        items = with_answers(self.actor).annotate(changed=changed).filter(changed__gt=after).order_by("changed")
        rows = told(self.actor, list(items[: PAGE + 1]))
        gone = AuditEvent.objects.for_tenant(self.actor.tenant_id).filter(action="review.discard", at__gt=after).order_by("at")
        rows += [FoundReview(tombstone(event)) for event in gone[:PAGE]]
        if len(rows) > PAGE:
            return self._open_items()
        news = [found for found in rows if self.sent.get(found.row.review_id) != changed_at(found)]
        latest = max([cursor, *map(changed_at, rows)])
        self.sent = {found.row.review_id: changed_at(found) for found in rows if changed_at(found) > latest - OVERLAP}
        return Changes(latest, news)


def changed_at(found: FoundReview) -> datetime:
    """When the item last changed."""
    row = found.row
    return max(time for time in (row.created_at, row.changed_at, row.closed_at) if time is not None)


def watch_inbox(*, actor: Actor, cursor: datetime | None) -> Inbox:
    """The actor's view of the tenant's inbox. Raises NotAllowed."""
    require(actor, Permission.REVIEW_READ)
    return Inbox(actor, cursor)


async def changes_of(inbox: Inbox) -> AsyncGenerator[Changes, None]:
    """What there is, then what changes, for ever. Raises AccessLost when the key is no longer valid.

    A lost message costs at most a poll's interval. Holds neither thread nor database connection.
    """
    center, reader = hub(), InboxReader(InboxRef(inbox.actor.tenant_id, inbox.actor.key_id))
    try:
        await center.add(reader)
        yield await in_database(inbox.read)
        while True:
            if not reader.has_news:
                await reader.wait(settings.HEARTBEAT_SECONDS)
            if reader.denied:
                raise AccessLost
            reader.take()
            changes = await in_database(inbox.read)
            if changes.items or changes.reset:
                yield changes
            await asyncio.sleep(PAUSE_SECONDS)
    finally:
        center.remove(reader)
