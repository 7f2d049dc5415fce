"""What metadata search reads."""

from django.db import models

from tenants.models import TenantOwned, TenantQuerySet


class ThreadMetadata(TenantOwned):
    """One top-level scalar of a thread's metadata, as canonical JSON cut to 200 characters: row-level security keeps `@>` off its index."""

    pk = models.CompositePrimaryKey("tenant_id", "key", "value", "thread_id")
    key = models.TextField()
    value = models.TextField()
    thread_id = models.UUIDField()

    objects = TenantQuerySet["ThreadMetadata"].as_manager()

    class Meta:
        db_table = "thread_metadata"
        indexes = (models.Index(fields=["tenant_id", "thread_id"], name="thread_metadata_thread"),)

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
