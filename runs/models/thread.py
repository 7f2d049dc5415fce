"""Thread."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Now

from runs.models.interrupt import Interrupt
from runs.models.run import Run
from tenants.database.fields import JsonField
from tenants.models import Json, TenantOwned, TenantQuerySet


class ThreadQuerySet(TenantQuerySet["Thread"]):
    """Adjectives of threads."""

    def unended(self) -> "ThreadQuerySet":
        """Without stateless threads whose run has ended."""
        return self.filter(ended_at=None)

    def waiting(self) -> "ThreadQuerySet":
        """That wait for a person: an interrupt or a breakpoint is open."""
        return self.filter(_open_interrupt())

    def stopped(self) -> "ThreadQuerySet":
        """Interrupted, yet waiting for nobody: their last run was cancelled and left work to do."""
        last = Run.objects.for_tenant(OuterRef("tenant_id")).filter(thread_id=OuterRef("thread_id")).order_by("-seq")
        stopped = self.filter(~_open_interrupt(), status="interrupted").alias(stop=Subquery(last.values("cancel_reason")[:1]))
        return stopped.filter(stop__isnull=False)


def _open_interrupt() -> Exists:
    """Of the outer query's thread."""
    return Exists(Interrupt.objects.for_tenant(OuterRef("tenant_id")).pending().filter(thread_id=OuterRef("thread_id")))


class Thread(TenantOwned):
    """A conversation's row; its state lies in LangGraph's tables.

    Status (derived, written by `lifecycle` only)::

        busy         a run of it is pending or running
        error        its last run ended with error or timeout
        interrupted  otherwise, if the head checkpoint has a non-empty `next`
        idle         otherwise

    The wire's `interrupted` means two things: `waiting()` for a person (Interrupt rows), or `stopped()` (its last run's `cancel_reason`).

    `values`, `interrupts` (task id → list of {id, value}) and `error` are those of the last finished run or state update. A thread made
    for a stateless run is `temporary`; its settle sets `ended_at`, which hides it at once.
    """

    pk = models.CompositePrimaryKey("tenant_id", "thread_id")
    thread_id = models.UUIDField(default=uuid.uuid4)
    owner = models.TextField()
    metadata: "models.Field[Json, Json]" = JsonField(default=dict)
    config: "models.Field[Json, Json]" = JsonField(default=dict)
    status = models.TextField(default="idle")
    values: "models.Field[Any, Any]" = JsonField(null=True)
    interrupts: "models.Field[Json, Json]" = JsonField(default=dict)
    error: "models.Field[Json | None, Json | None]" = JsonField(null=True)
    graph_id = models.TextField(null=True)
    assistant_id = models.UUIDField(null=True)
    head_checkpoint_id = models.TextField(null=True)
    epoch_ms = models.BigIntegerField(default=0)
    temporary = models.BooleanField(default=False)
    keep = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    state_updated_at = models.DateTimeField(db_default=Now())

    objects = ThreadQuerySet.as_manager()

    class Meta:
        db_table = "thread"
        indexes = (
            models.Index(fields=["tenant_id", "-updated_at", "thread_id"], name="thread_recent"),
            models.Index(fields=["tenant_id", "-created_at", "thread_id"], name="thread_created"),
            models.Index(fields=["tenant_id", "-state_updated_at", "thread_id"], name="thread_state_updated"),
            # Also what counting reads: it holds just the threads that can be seen.
            models.Index(
                fields=["tenant_id", "status", "-updated_at", "thread_id"],
                condition=models.Q(ended_at__isnull=True),
                name="thread_status",
            ),
            models.Index(fields=["ended_at"], condition=models.Q(ended_at__isnull=False), name="thread_ended"),
        )

    def __str__(self) -> str:
        return str(self.thread_id)
