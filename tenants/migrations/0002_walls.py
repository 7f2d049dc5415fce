"""Row-level security, composite constraints, grants, functions of the system role."""

from pathlib import Path

from django.db import migrations

from tenants.database.operations import CompositeForeignKey, InsertOnly, IsolateTenants, SystemFunction

SQL = Path(__file__).resolve().parent.parent / "database" / "sql"


class Migration(migrations.Migration):
    """From the first migration on, no tenant sees another one's rows."""

    dependencies = [("tenants", "0001_initial")]
    operations = [
        CompositeForeignKey("api_key", ["tenant_id"], "tenant", ["tenant_id"]),
        CompositeForeignKey("member", ["tenant_id"], "tenant", ["tenant_id"]),
        CompositeForeignKey("member", ["user_id"], "user_account", ["user_id"]),
        CompositeForeignKey("audit_event", ["tenant_id"], "tenant", ["tenant_id"]),
        IsolateTenants("tenant", "api_key", "member", "audit_event"),
        InsertOnly("audit_event"),
        SystemFunction(str(SQL / "find_api_key_1.sql"), "find_api_key_1(bytea)", "app"),
        SystemFunction(str(SQL / "memberships_of_1.sql"), "memberships_of_1(uuid)", "app"),
    ]
