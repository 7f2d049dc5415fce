"""What reviews need beside an interrupt: assistant, assignee, the proposal as it was written, who closed it; comments; a `settle_2` that keeps it."""

import uuid
from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

from tenants.database.operations import CompositeForeignKey, IsolateTenants, SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"
SETTLE = (
    "settle_2(uuid[], uuid[], int[], boolean, text[], jsonb[], text[], jsonb[], jsonb[], text[], "
    "int[], text[], text[], text[], text[], text[], jsonb[], jsonb[], jsonb[], text[])"
)


class Migration(migrations.Migration):
    """`settle_1` stays for workers of the release before; new columns are null, so that no row is written again."""

    dependencies = [("runs", "0007_replaced_writes")]
    operations = [
        migrations.AddField("interrupt", "closed_actor", models.TextField(null=True)),
        migrations.AddField("interrupt", "assistant_id", models.UUIDField(null=True)),
        migrations.AddField("interrupt", "assignee", models.TextField(null=True)),
        migrations.AddField("interrupt", "proposal", models.TextField(null=True)),
        migrations.AddField("interrupt", "former", models.TextField(null=True)),
        migrations.AddField("interrupt", "changed_at", models.DateTimeField(null=True)),
        migrations.AddField("decision", "key", models.TextField(null=True)),
        migrations.AddField("decision", "digest", models.TextField(null=True)),
        migrations.CreateModel(
            name="ReviewComment",
            fields=[
                ("tenant_id", models.UUIDField()),
                (
                    "pk",
                    models.CompositePrimaryKey("tenant_id", "comment_id", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("comment_id", models.UUIDField(default=uuid.uuid4)),
                ("review_id", models.UUIDField()),
                ("author", models.TextField()),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "review_comment",
                "indexes": [models.Index(fields=["tenant_id", "review_id", "created_at"], name="review_comment_item")],
            },
        ),
        IsolateTenants("review_comment"),
        CompositeForeignKey("review_comment", ("tenant_id", "review_id"), "interrupt", ("tenant_id", "review_id"), on_delete="cascade"),
        SystemFunction(str(SQL / "settle_2.sql"), SETTLE, "worker"),
    ]
