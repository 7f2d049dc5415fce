"""Interrupts: what waits for a person."""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest, Now

from tenants.database.fields import JsonField
from tenants.models import Json, TenantOwned, TenantQuerySet


class InterruptQuerySet(TenantQuerySet["Interrupt"]):
    """Adjectives of interrupts."""

    def pending(self) -> "InterruptQuerySet":
        """Waiting for an answer."""
        return self.filter(status="pending")


class Interrupt(TenantOwned):
    """One pause of a thread's head checkpoint.

    Status (written by `lifecycle` only)::

        pending ──resume──► resolved (resume_run_id)
           │ ▲                  └──its run failed before it was used──► pending
           │ └──────────────────────────────────────────────────────────┘
           ├──new input, update, other settle──► superseded (closed_by)
           └──thread or run deleted──► discarded

    A copy of a thread shares interrupt ids, so people address `review_id`. A static breakpoint has a row of kind `breakpoint`, never shown
    on the wire.

    `closed_by` is the cause (an identity where it was answered, else `run:`, `update:` or `copy:` and an id), `closed_actor` the person
    behind it. `proposal` is value and schema as JSON text, in the graph's own order of keys; `former` the one before, where the node ran
    again and asked something else. `changed_at` is set by what the other times do not tell: assigned, open again.
    """

    pk = models.CompositePrimaryKey("tenant_id", "thread_id", "interrupt_id")
    thread_id = models.UUIDField()
    interrupt_id = models.TextField()
    review_id = models.UUIDField(default=uuid.uuid4, db_default=models.Func(function="gen_random_uuid"))
    run_id = models.UUIDField(null=True)
    checkpoint_id = models.TextField(null=True)
    task_id = models.TextField(null=True)
    node = models.TextField(null=True)
    kind = models.TextField()
    action = models.TextField(null=True)
    value: "models.Field[Any, Any]" = JsonField(null=True)
    schema: "models.Field[Json | None, Json | None]" = JsonField(null=True)
    allowed: "models.Field[list[str], list[str]]" = ArrayField(models.TextField(), default=list)
    requester = models.TextField(null=True)
    status = models.TextField(default="pending", db_default="pending")
    resume_run_id = models.UUIDField(null=True)
    closed_by = models.TextField(null=True)
    closed_actor = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)
    assistant_id = models.UUIDField(null=True)
    assignee = models.TextField(null=True)
    proposal = models.TextField(null=True)
    former = models.TextField(null=True)
    changed_at = models.DateTimeField(null=True)

    objects = InterruptQuerySet.as_manager()

    class Meta:
        db_table = "interrupt"
        constraints = (
            models.UniqueConstraint(fields=["tenant_id", "review_id"], name="interrupt_review"),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "resolved", "superseded", "discarded")), name="interrupt_status_known"
            ),
        )
        indexes = (
            models.Index(fields=["tenant_id", "created_at"], condition=Q(status="pending"), name="interrupt_inbox"),
            models.Index(fields=["tenant_id", "created_at", "review_id"], name="interrupt_created"),
            models.Index(fields=["tenant_id", "action", "created_at"], name="interrupt_action"),
            models.Index(fields=["tenant_id", "assistant_id", "created_at"], name="interrupt_assistant"),
            models.Index(fields=["tenant_id", "assignee", "created_at"], condition=Q(assignee__isnull=False), name="interrupt_assignee"),
            models.Index("tenant_id", Greatest("created_at", "changed_at", "closed_at"), "review_id", name="interrupt_changed"),
        )

    def __str__(self) -> str:
        return f"{self.interrupt_id} {self.status}"
