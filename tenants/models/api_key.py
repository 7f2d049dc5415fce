"""API keys."""

import uuid

from django.db import models

from tenants.models.tenant import TenantOwned, TenantQuerySet


class ApiKey(TenantOwned):
    """A key of a service identity. Only the SHA-256 of the secret is stored: 256 random bits need neither salt nor slow hash."""

    pk = models.CompositePrimaryKey("tenant_id", "key_id")
    key_id = models.UUIDField(default=uuid.uuid4)
    identity = models.UUIDField(default=uuid.uuid4)
    name = models.TextField()
    prefix = models.TextField()
    last_four = models.TextField()
    hash = models.BinaryField(unique=True)
    role = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["ApiKey"].as_manager()

    class Meta:
        db_table = "api_key"
        indexes = (
            models.Index(fields=["tenant_id", "-created_at", "-key_id"], name="api_key_newest"),
            models.Index(fields=["tenant_id", "identity"], name="api_key_identity"),
        )

    def __str__(self) -> str:
        return f"{self.prefix}…{self.last_four}"
