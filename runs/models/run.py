"""Run."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tenants.database.fields import IdentityField, JsonField
from tenants.models import Json, TenantOwned, TenantQuerySet


class RunQuerySet(TenantQuerySet["Run"]):
    """Adjectives of runs."""

    def active(self) -> "RunQuerySet":
        """Pending or running."""
        return self.filter(status__in=("pending", "running"))


class Run(TenantOwned):
    """One execution of a graph on a thread.

    Status (the wire's; written by `lifecycle` only)::

        pending ──claim──► running ──settle──► success | error | timeout
           │  ▲               │
           │  └──rescue, drain┘
           └──────cancel──────┴──► interrupted (with cancel_reason)

    `attempt` is raised by each claim and is the fencing token: whoever holds another one can write nothing. `crashes` counts lost leases.
    `seq` orders runs of one `run_at`. `resume_ids` names the interrupts this run answers. A delayed run (`after_seconds`, not stored) has
    `run_at` and, as the wire has it, `created_at` in the future of `updated_at`.
    """

    after_seconds: float = 0

    pk = models.CompositePrimaryKey("tenant_id", "run_id")
    run_id = models.UUIDField(default=uuid.uuid4)
    thread_id = models.UUIDField()
    assistant_id = models.UUIDField()
    assistant_version = models.IntegerField()
    graph_id = models.TextField()
    graph_fingerprint = models.TextField()
    seq = IdentityField()
    status = models.TextField(default="pending")
    attempt = models.IntegerField(default=0)
    crashes = models.IntegerField(default=0)
    epoch_ms = models.BigIntegerField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_owner = models.TextField(null=True)
    cancel_reason = models.TextField(null=True)
    base_checkpoint_id = models.TextField(null=True)
    resume_ids: "models.Field[list[str] | None, list[str] | None]" = ArrayField(models.TextField(), null=True)
    kwargs: "models.Field[Json, Json]" = JsonField(default=dict)
    metadata: "models.Field[Json, Json]" = JsonField(default=dict)
    multitask_strategy = models.TextField(default="enqueue")
    streamed = models.BooleanField(default=False)
    resumable = models.BooleanField(default=False)
    created_by = models.TextField()
    error: "models.Field[Json | None, Json | None]" = JsonField(null=True)
    run_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "run"
        constraints = (
            models.UniqueConstraint(fields=["tenant_id", "thread_id"], condition=Q(status="running"), name="run_one_running"),
            models.CheckConstraint(
                condition=Q(status__in=("pending", "running", "success", "error", "timeout", "interrupted")), name="run_status_known"
            ),
        )
        indexes = (
            models.Index(fields=["run_at", "seq"], condition=Q(status="pending"), name="run_pending"),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="run_leases"),
            models.Index(
                fields=["tenant_id", "thread_id", "run_at", "seq"], condition=Q(status__in=("pending", "running")), name="run_of_thread"
            ),
            models.Index(fields=["tenant_id", "thread_id", "-created_at", "-seq"], name="run_newest"),
            models.Index(fields=["tenant_id", "assistant_id"], name="run_of_assistant"),
            models.Index(fields=["tenant_id", "thread_id", "epoch_ms"], condition=Q(resumable=True), name="run_replay"),
        )

    def __str__(self) -> str:
        return str(self.run_id)
