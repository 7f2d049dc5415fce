"""Tables of graphs, assistants and their versions."""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AssistantVersion",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenant_id", "assistant_id", "version", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("assistant_id", models.UUIDField()),
                ("version", models.IntegerField()),
                ("graph_id", models.TextField()),
                ("name", models.TextField()),
                ("description", models.TextField(null=True)),
                ("config", models.JSONField(default=dict)),
                ("context", models.JSONField(default=dict)),
                ("metadata", models.JSONField(default=dict)),
                ("author", models.TextField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "assistant_version",
            },
        ),
        migrations.CreateModel(
            name="Graph",
            fields=[
                ("pk", models.CompositePrimaryKey("graph_id", "revision", blank=True, editable=False, primary_key=True, serialize=False)),
                ("graph_id", models.TextField()),
                ("revision", models.TextField()),
                ("fingerprint", models.TextField()),
                ("description", models.TextField(null=True)),
                ("schemas", models.JSONField(default=dict)),
                ("drawing", models.JSONField(default=dict)),
                ("error", models.TextField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "graph",
            },
        ),
        migrations.CreateModel(
            name="Assistant",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey("tenant_id", "assistant_id", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("assistant_id", models.UUIDField(default=uuid.uuid4)),
                ("graph_id", models.TextField()),
                ("name", models.TextField()),
                ("description", models.TextField(null=True)),
                ("config", models.JSONField(default=dict)),
                ("context", models.JSONField(default=dict)),
                ("metadata", models.JSONField(default=dict)),
                ("version", models.IntegerField(default=1)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "assistant",
                "indexes": [models.Index(fields=["tenant_id", "-created_at", "assistant_id"], name="assistant_list")],
            },
        ),
    ]
