"""The durable event log of resumable streams."""

from django.db import models
from django.db.models.functions import Now

from tenants.models import TenantOwned, TenantQuerySet


class RunEvent(TenantOwned):
    """One event; its wire id is `<epoch_ms>-<n>`. `data` is the JSON as sent."""

    pk = models.CompositePrimaryKey("tenant_id", "run_id", "epoch_ms", "n")
    run_id = models.UUIDField()
    epoch_ms = models.BigIntegerField()
    n = models.IntegerField()
    event = models.TextField()
    data = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    objects = TenantQuerySet["RunEvent"].as_manager()

    class Meta:
        db_table = "run_event"
        indexes = (models.Index(fields=["created_at"], name="run_event_age"),)

    def __str__(self) -> str:
        return f"{self.epoch_ms}-{self.n} {self.event}"
