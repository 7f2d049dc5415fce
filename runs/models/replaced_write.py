"""What runs wrote over, so that it can be put back."""

from django.db import models

from tenants.models import TenantOwned, TenantQuerySet


class ReplacedWrite(TenantOwned):
    """A pending write of LangGraph's as it was before `run_id` replaced it; `written_by` is the run that had made it, if one had.

    A node with two interrupts, for example, has one row for what it asks: its second question takes the place of the first.
    """

    pk = models.CompositePrimaryKey("tenant_id", "run_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx")
    run_id = models.UUIDField()
    thread_id = models.UUIDField()
    checkpoint_ns = models.TextField()
    checkpoint_id = models.TextField()
    task_id = models.TextField()
    idx = models.IntegerField()
    written_by = models.UUIDField(null=True)
    channel = models.TextField()
    type = models.TextField(null=True)
    blob = models.BinaryField()

    objects = TenantQuerySet["ReplacedWrite"].as_manager()

    class Meta:
        db_table = "replaced_write"
        indexes = (models.Index(fields=["tenant_id", "thread_id"], name="replaced_write_thread"),)

    def __str__(self) -> str:
        return f"{self.checkpoint_id} {self.task_id} {self.idx}"
