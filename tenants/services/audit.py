"""The audit log: who did what to which object."""

from collections.abc import AsyncIterator
from dataclasses import replace

from django.db import transaction
from django.db.models import Q, Subquery

from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.database.threads import in_database
from tenants.exceptions import NotAuthenticated
from tenants.models import ApiKey, AuditEvent, Json
from tenants.policy import Permission, require
from tenants.wire import AuditSearch

EXPORT_ROWS = 1000


def record(actor: Actor, action: str, target_type: str, target_id: object, before: Json | None = None, after: Json | None = None) -> None:
    """Write one row in the caller's transaction. `before` and `after` name what changed, never inputs, outputs or secrets."""
    AuditEvent.objects.create(
        tenant_id=actor.tenant_id,
        actor=actor.identity,
        address=actor.address,
        request_id=actor.request_id,
        action=action,
        target_type=target_type,
        target_id=str(target_id),
        before=before,
        after=after,
    )


def refused(actor: Actor, action: str, target_type: str, target_id: object, reason: str) -> None:
    """Write what was not done, in a transaction of its own: the refused one has rolled back."""
    with acting_for(actor.tenant_id), transaction.atomic(durable=True):
        record(actor, action, target_type, target_id, after={"refused": reason})


def search_events(*, actor: Actor, request: AuditSearch) -> list[AuditEvent]:
    """Rows of the tenant's log, newest first, and one more than fit on the page; the cursor of another tenant is behind everything."""
    require(actor, Permission.AUDIT_READ)
    return _found(actor, request)


def export_events(*, actor: Actor, request: AuditSearch) -> AsyncIterator[list[AuditEvent]]:
    """All rows that match, newest first, a page at a time; what is written meanwhile is not among them. Itself audited.

    Raises NotAuthenticated between two pages once the actor's key has been revoked: the reader sees that the end is missing.
    """
    require(actor, Permission.AUDIT_READ)
    asked = request.equal | {name: at.isoformat() for name, at in (("since", request.since), ("until", request.until)) if at is not None}
    record(actor, "audit.export", "tenant", actor.tenant_id, after=asked)
    return _pages(actor, replace(request, limit=EXPORT_ROWS))


async def _pages(actor: Actor, request: AuditSearch) -> AsyncIterator[list[AuditEvent]]:
    while rows := await in_database(_next_page, actor, request):
        yield rows[: request.limit]
        if len(rows) <= request.limit:
            return
        request = replace(request, before=rows[request.limit - 1].id)


def _next_page(actor: Actor, request: AuditSearch) -> list[AuditEvent]:
    with acting_for(actor.tenant_id):
        keys = ApiKey.objects.for_tenant(actor.tenant_id).filter(revoked_at=None)
        if actor.key_id is not None and not keys.filter(key_id=actor.key_id).exists():
            raise NotAuthenticated("Your key has been revoked.")
        return _found(actor, request)


def _found(actor: Actor, request: AuditSearch) -> list[AuditEvent]:
    events = AuditEvent.objects.for_tenant(actor.tenant_id).filter(**request.equal)
    if request.since is not None:
        events = events.filter(at__gte=request.since)
    if request.until is not None:
        events = events.filter(at__lt=request.until)
    if request.before is not None:
        cursor = Subquery(AuditEvent.objects.for_tenant(actor.tenant_id).filter(id=request.before).values("at"))
        events = events.filter(Q(at__lt=cursor) | Q(id__lt=request.before), at__lte=cursor)
    return list(events.order_by("-at", "-id")[: request.limit + 1])
