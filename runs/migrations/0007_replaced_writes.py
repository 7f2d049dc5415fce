"""What runs wrote over, and a `write_2` that keeps it."""

from pathlib import Path

from django.db import migrations, models

from tenants.database.operations import CompositeForeignKey, IsolateTenants, SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"
WRITE = (
    "write_2(uuid[], uuid[], int[], boolean, int[], text[], text[], text[], text[], bytea[], int[], text[], text[], text[], text[], int[], text[], text[], bytea[], "
    "int[], text[], text[], text[], jsonb[], jsonb[], int[], int[], text[], bytea[])"
)
KEY = ("tenant_id", "run_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx")


class Migration(migrations.Migration):
    """`write_1` stays for workers of the release before. The function reads LangGraph's tables by name when it is called."""

    dependencies = [("runs", "0006_metrics")]
    operations = [
        migrations.CreateModel(
            name="ReplacedWrite",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey(*KEY, blank=True, editable=False, primary_key=True, serialize=False)),
                ("run_id", models.UUIDField()),
                ("thread_id", models.UUIDField()),
                ("checkpoint_ns", models.TextField()),
                ("checkpoint_id", models.TextField()),
                ("task_id", models.TextField()),
                ("idx", models.IntegerField()),
                ("written_by", models.UUIDField(null=True)),
                ("channel", models.TextField()),
                ("type", models.TextField(null=True)),
                ("blob", models.BinaryField()),
            ],
            options={
                "db_table": "replaced_write",
                "indexes": [models.Index(fields=["tenant_id", "thread_id"], name="replaced_write_thread")],
            },
        ),
        IsolateTenants("replaced_write"),
        CompositeForeignKey("replaced_write", ("tenant_id", "run_id"), "run", ("tenant_id", "run_id"), on_delete="cascade"),
        SystemFunction(str(SQL / "write_2.sql"), WRITE, "worker"),
    ]
