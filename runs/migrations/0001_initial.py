"""Tables of threads and runs."""

import uuid

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.database.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey("tenant_id", "decision_id", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("decision_id", models.UUIDField(default=uuid.uuid4)),
                ("thread_id", models.UUIDField()),
                ("interrupt_id", models.TextField()),
                ("run_id", models.UUIDField()),
                ("actor", models.TextField()),
                ("value", models.JSONField(null=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "decision",
                "indexes": [models.Index(fields=["tenant_id", "thread_id", "interrupt_id"], name="decision_interrupt")],
            },
        ),
        migrations.CreateModel(
            name="Interrupt",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "thread_id", "interrupt_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("thread_id", models.UUIDField()),
                ("interrupt_id", models.TextField()),
                ("review_id", models.UUIDField(db_default=models.Func(function="gen_random_uuid"), default=uuid.uuid4)),
                ("run_id", models.UUIDField(null=True)),
                ("checkpoint_id", models.TextField(null=True)),
                ("task_id", models.TextField(null=True)),
                ("node", models.TextField(null=True)),
                ("kind", models.TextField()),
                ("action", models.TextField(null=True)),
                ("value", models.JSONField(null=True)),
                ("schema", models.JSONField(null=True)),
                ("allowed", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("requester", models.TextField(null=True)),
                ("status", models.TextField(db_default="pending", default="pending")),
                ("resume_run_id", models.UUIDField(null=True)),
                ("closed_by", models.TextField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "interrupt",
                "indexes": [
                    models.Index(condition=models.Q(("status", "pending")), fields=["tenant_id", "created_at"], name="interrupt_inbox")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant_id", "review_id"), name="interrupt_review"),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("pending", "resolved", "superseded", "discarded"))),
                        name="interrupt_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey("tenant_id", "run_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("run_id", models.UUIDField(default=uuid.uuid4)),
                ("thread_id", models.UUIDField()),
                ("assistant_id", models.UUIDField()),
                ("assistant_version", models.IntegerField()),
                ("graph_id", models.TextField()),
                ("graph_fingerprint", models.TextField()),
                ("seq", tenants.database.fields.IdentityField()),
                ("status", models.TextField(default="pending")),
                ("attempt", models.IntegerField(default=0)),
                ("crashes", models.IntegerField(default=0)),
                ("epoch_ms", models.BigIntegerField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lease_owner", models.TextField(null=True)),
                ("cancel_reason", models.TextField(null=True)),
                ("base_checkpoint_id", models.TextField(null=True)),
                ("resume_ids", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
                ("kwargs", models.JSONField(default=dict)),
                ("metadata", models.JSONField(default=dict)),
                ("multitask_strategy", models.TextField(default="enqueue")),
                ("streamed", models.BooleanField(default=False)),
                ("resumable", models.BooleanField(default=False)),
                ("created_by", models.TextField()),
                ("error", models.JSONField(null=True)),
                ("run_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "run",
                "indexes": [
                    models.Index(condition=models.Q(("status", "pending")), fields=["run_at", "seq"], name="run_pending"),
                    models.Index(condition=models.Q(("status", "running")), fields=["lease_until"], name="run_leases"),
                    models.Index(
                        condition=models.Q(("status__in", ("pending", "running"))),
                        fields=["tenant_id", "thread_id", "run_at", "seq"],
                        name="run_of_thread",
                    ),
                    models.Index(fields=["tenant_id", "thread_id", "-seq"], name="run_list"),
                    models.Index(fields=["tenant_id", "assistant_id"], name="run_of_assistant"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "running")), fields=("tenant_id", "thread_id"), name="run_one_running"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ("pending", "running", "success", "error", "timeout", "interrupted"))),
                        name="run_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunEvent",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "run_id", "epoch_ms", "n", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("run_id", models.UUIDField()),
                ("epoch_ms", models.BigIntegerField()),
                ("n", models.IntegerField()),
                ("event", models.TextField()),
                ("data", models.BinaryField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "run_event",
                "indexes": [models.Index(fields=["created_at"], name="run_event_age")],
            },
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey("tenant_id", "thread_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("thread_id", models.UUIDField(default=uuid.uuid4)),
                ("owner", models.TextField()),
                ("metadata", models.JSONField(default=dict)),
                ("config", models.JSONField(default=dict)),
                ("status", models.TextField(default="idle")),
                ("values", models.JSONField(null=True)),
                ("interrupts", models.JSONField(default=dict)),
                ("error", models.JSONField(null=True)),
                ("graph_id", models.TextField(null=True)),
                ("assistant_id", models.UUIDField(null=True)),
                ("head_checkpoint_id", models.TextField(null=True)),
                ("epoch_ms", models.BigIntegerField(default=0)),
                ("temporary", models.BooleanField(default=False)),
                ("keep", models.BooleanField(default=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("state_updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "thread",
                "indexes": [
                    models.Index(fields=["tenant_id", "-updated_at", "thread_id"], name="thread_recent"),
                    models.Index(fields=["tenant_id", "-created_at", "thread_id"], name="thread_created"),
                    models.Index(condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="thread_ended"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThreadMetadata",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "key", "value", "thread_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.TextField()),
                ("value", models.TextField()),
                ("thread_id", models.UUIDField()),
            ],
            options={
                "db_table": "thread_metadata",
                "indexes": [models.Index(fields=["tenant_id", "thread_id"], name="thread_metadata_thread")],
            },
        ),
    ]
