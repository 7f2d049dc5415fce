"""The stream of a thread: its resumable runs in the order of their events, and a poll that asks for threads, too."""

from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

from tenants.database.operations import SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"


class Migration(migrations.Migration):
    """`poll_runs_1` stays for web processes of the release before."""

    dependencies = [("runs", "0002_walls")]
    operations = [
        migrations.AddIndex(
            "run", models.Index(fields=["tenant_id", "thread_id", "epoch_ms"], condition=Q(resumable=True), name="run_replay")
        ),
        SystemFunction(str(SQL / "poll_streams_1.sql"), "poll_streams_1(uuid[], uuid[], uuid[], uuid[])", "app"),
    ]
