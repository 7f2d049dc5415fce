"""Indexes in which review items are listed; made without keeping anybody from writing."""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Greatest

from tenants.database.operations import AddIndexOnline


class Migration(migrations.Migration):
    """In no transaction."""

    atomic = False
    dependencies = [("runs", "0008_reviews")]
    operations = [
        AddIndexOnline("interrupt", models.Index(fields=["tenant_id", "created_at", "review_id"], name="interrupt_created")),
        AddIndexOnline("interrupt", models.Index(fields=["tenant_id", "action", "created_at"], name="interrupt_action")),
        AddIndexOnline("interrupt", models.Index(fields=["tenant_id", "assistant_id", "created_at"], name="interrupt_assistant")),
        AddIndexOnline(
            "interrupt",
            models.Index(fields=["tenant_id", "assignee", "created_at"], condition=Q(assignee__isnull=False), name="interrupt_assignee"),
        ),
        AddIndexOnline(
            "interrupt", models.Index("tenant_id", Greatest("created_at", "changed_at", "closed_at"), "review_id", name="interrupt_changed")
        ),
    ]
