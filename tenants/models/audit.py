"""The audit log."""

from django.db import models
from django.db.models.functions import Now

from tenants.database.fields import IdentityKeyField, JsonField
from tenants.models.tenant import Json, TenantOwned, TenantQuerySet


class AuditEvent(TenantOwned):
    """One change or refusal; the app role can insert and read, never change. Targets are text: they outlive their rows."""

    pk = models.CompositePrimaryKey("tenant_id", "id")
    id = IdentityKeyField()
    at = models.DateTimeField(db_default=Now())
    actor = models.TextField()
    address = models.TextField(null=True)
    request_id = models.TextField(null=True)
    action = models.TextField()
    target_type = models.TextField()
    target_id = models.TextField()
    before: "models.Field[Json | None, Json | None]" = JsonField(null=True)
    after: "models.Field[Json | None, Json | None]" = JsonField(null=True)

    objects = TenantQuerySet["AuditEvent"].as_manager()

    class Meta:
        db_table = "audit_event"
        # Each search is a walk along one of these, newest first, from its cursor or `until` down to `since`.
        indexes = (
            models.Index(fields=["tenant_id", "at", "id"], name="audit_at"),
            models.Index(fields=["tenant_id", "actor", "at", "id"], name="audit_actor"),
            models.Index(fields=["tenant_id", "action", "at", "id"], name="audit_action"),
            models.Index(fields=["tenant_id", "target_type", "at", "id"], name="audit_target_type"),
            models.Index(fields=["tenant_id", "target_id", "at", "id"], name="audit_target"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.target_id}"
