"""The audit log: who did what to which object."""

from django.db import transaction

from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.models import AuditEvent, Json


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
