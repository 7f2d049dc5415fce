"""Answers to interrupts, append-only."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now

from tenants.database.fields import JsonField
from tenants.models import TenantOwned, TenantQuerySet


class Decision(TenantOwned):
    """Who answered which interrupt with what, and which run carries the answer.

    `key` is the idempotency key that it was sent with, `digest` that of everything that was sent.
    """

    pk = models.CompositePrimaryKey("tenant_id", "decision_id")
    decision_id = models.UUIDField(default=uuid.uuid4)
    thread_id = models.UUIDField()
    interrupt_id = models.TextField()
    run_id = models.UUIDField()
    actor = models.TextField()
    value: "models.Field[Any, Any]" = JsonField(null=True)
    at = models.DateTimeField(db_default=Now())
    key = models.TextField(null=True)
    digest = models.TextField(null=True)

    objects = TenantQuerySet["Decision"].as_manager()

    class Meta:
        db_table = "decision"
        indexes = (models.Index(fields=["tenant_id", "thread_id", "interrupt_id"], name="decision_interrupt"),)

    def __str__(self) -> str:
        return f"{self.interrupt_id} by {self.actor}"
