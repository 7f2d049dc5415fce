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

    def __str__(self) -> str:
        return f"{self.action} {self.target_id}"
