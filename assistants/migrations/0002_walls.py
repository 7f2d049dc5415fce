"""Row-level security, composite constraints, immutable rows."""

from django.db import migrations

from tenants.database.operations import CompositeForeignKey, InsertOnly, IsolateTenants


class Migration(migrations.Migration):
    dependencies = [("assistants", "0001_initial"), ("tenants", "0001_initial")]
    operations = [
        CompositeForeignKey("assistant", ("tenant_id",), "tenant", ("tenant_id",)),
        CompositeForeignKey("assistant_version", ("tenant_id", "assistant_id"), "assistant", ("tenant_id", "assistant_id")),
        IsolateTenants("assistant", "assistant_version"),
        InsertOnly("assistant_version", "graph"),
    ]
