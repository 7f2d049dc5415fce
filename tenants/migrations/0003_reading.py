"""Indexes of the lists that people read: the audit log by time, actor, action and target, and keys."""

from django.db import migrations, models

from tenants.database.operations import AddIndexOnline


class Migration(migrations.Migration):
    """In no transaction, so that nobody is kept from writing."""

    atomic = False
    dependencies = [("tenants", "0002_walls")]
    operations = [
        AddIndexOnline("auditevent", models.Index(fields=["tenant_id", "at", "id"], name="audit_at")),
        AddIndexOnline("auditevent", models.Index(fields=["tenant_id", "actor", "at", "id"], name="audit_actor")),
        AddIndexOnline("auditevent", models.Index(fields=["tenant_id", "action", "at", "id"], name="audit_action")),
        AddIndexOnline("auditevent", models.Index(fields=["tenant_id", "target_type", "at", "id"], name="audit_target_type")),
        AddIndexOnline("auditevent", models.Index(fields=["tenant_id", "target_id", "at", "id"], name="audit_target")),
        AddIndexOnline("apikey", models.Index(fields=["tenant_id", "-created_at", "-key_id"], name="api_key_newest")),
        AddIndexOnline("apikey", models.Index(fields=["tenant_id", "identity"], name="api_key_identity")),
    ]
