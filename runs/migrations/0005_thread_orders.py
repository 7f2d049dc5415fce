"""Indexes for each order in which threads can be listed, and for counting them; made without keeping anybody from writing."""

from django.db import migrations, models
from django.db.models import Q

from tenants.database.operations import AddIndexOnline


class Migration(migrations.Migration):
    """In no transaction."""

    atomic = False
    dependencies = [("runs", "0004_newest_runs_first")]
    operations = [
        AddIndexOnline("thread", models.Index(fields=["tenant_id", "-state_updated_at", "thread_id"], name="thread_state_updated")),
        AddIndexOnline(
            "thread",
            models.Index(
                fields=["tenant_id", "status", "-updated_at", "thread_id"], condition=Q(ended_at__isnull=True), name="thread_status"
            ),
        ),
    ]
