"""What `/metrics` asks about all tenants at once."""

from pathlib import Path

from django.db import migrations

from tenants.database.operations import SystemFunction

SQL = Path(__file__).resolve().parent.parent / "lifecycle" / "sql"


class Migration(migrations.Migration):
    dependencies = [("runs", "0005_thread_orders")]
    operations = [SystemFunction(str(SQL / "metrics_1.sql"), "metrics_1()", "app")]
