"""What a process makes sure of before it serves tenants."""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

SERVER_VERSION = 170000
FACTS = """
select current_user, current_setting('server_version_num')::int, current_setting('server_version'),
       exists (select 1 from pg_roles r where r.rolsuper and pg_has_role(current_user, r.oid, 'member')),
       exists (select 1 from pg_roles r where r.rolbypassrls and pg_has_role(current_user, r.oid, 'member')),
       (select min(c.relname) from pg_class c
         where c.relnamespace = to_regnamespace('holdfast') and c.relkind in ('r', 'p') and pg_has_role(current_user, c.relowner, 'member'))
"""


def old_server(version: int, text: str) -> str | None:
    """What to say about a server that is too old."""
    if version >= SERVER_VERSION:
        return None
    return (
        f"PostgreSQL {text} is too old: version 17 or newer is needed (transaction_timeout). "
        "Upgrade that server, point DATABASE_URL to a newer one, or unset DATABASE_URL so that `make up` starts its own."
    )


def refuse_dangerous_role(connection: BaseDatabaseWrapper) -> None:
    """Raise ImproperlyConfigured where row-level security would not hold for this connection's role, or the server is too old."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        role, version, text, superuser, bypasses, table = cursor.fetchone()
    old = old_server(version, text)
    if old:
        raise ImproperlyConfigured(old)
    hint = f"Connect the alias '{connection.alias}' as one of the roles that `manage.py bootstrap_database` makes."
    if superuser:
        raise ImproperlyConfigured(f"The database role '{role}' is (or can become) a superuser and would see every tenant's rows. {hint}")
    if bypasses:
        raise ImproperlyConfigured(f"The database role '{role}' has (or can get) BYPASSRLS and would see every tenant's rows. {hint}")
    if table is not None:
        raise ImproperlyConfigured(
            f"The database role '{role}' acts for the owner of the table '{table}' and could lift its policies. {hint}"
        )
