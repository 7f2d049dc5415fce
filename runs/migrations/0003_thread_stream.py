"""The stream of a thread: a poll that asks for threads, too."""

from pathlib import Path

from django.db import migrations

from tenants.database.operations import SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"


class Migration(migrations.Migration):
    """`poll_runs_1` stays for web processes of the release before."""

    dependencies = [("runs", "0002_walls")]
    operations = [
        SystemFunction(str(SQL / "poll_streams_1.sql"), "poll_streams_1(uuid[], uuid[], uuid[], uuid[])", "app"),
    ]
