"""PostgreSQL backend that sends the tenant with every statement, in the same message and the same transaction.

Nothing is remembered: the setting is local, so commit, rollback, savepoints and reconnects cannot leave a wrong one.
"""

import select
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base as postgresql
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads

from tenants.database.context import current_tenant
from tenants.database.fields import IdentityField

set_json_loads(orjson.loads)  # what LangGraph's savers read: as JsonField

SET_TENANT = "set local app.tenant_id = '{}';"


class TenantCursor(postgresql.Cursor):
    """Row-level security sees the tenant of the context in which the statement is executed."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "TenantCursor":
        """Send tenant and statement as one simple-protocol message, which is one transaction."""
        if not isinstance(query, str):
            query = query.as_string(self)
        if self.connection.pgconn.transaction_status == TransactionStatus.INERROR:
            super().execute(query, params, **options)  # only a rollback is accepted now
        else:
            tenant = current_tenant.get()  # .hex raises for anything that is no UUID: no string from outside becomes SQL
            super().execute(SET_TENANT.format(tenant.hex if tenant else "") + query, params, **options)
            self.nextset()
        return self

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Each in a message of its own."""
        for params in params_seq:
            self.execute(query, params, **options)

    def copy(self, *args: Any, **options: Any) -> Any:
        """Refused: COPY is a statement of its own."""
        raise ImproperlyConfigured("COPY carries no tenant")


class SchemaEditor(DatabaseSchemaEditor):
    """Knows identity columns."""

    def _column_generated_sql(self, field: Any) -> tuple[str, tuple[Any, ...]]:
        if isinstance(field, IdentityField):
            return "generated always as identity", ()
        return super()._column_generated_sql(field)


class DatabaseWrapper(postgresql.DatabaseWrapper):
    """Needs DISABLE_SERVER_SIDE_CURSORS: a named cursor is a statement of its own."""

    SchemaEditorClass = SchemaEditor

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """With our cursor; cursors with server-side parameters (see `prepared`) keep plans, which Django switches off."""
        connection = super().get_new_connection(conn_params | {"cursor_factory": TenantCursor})
        connection.prepare_threshold = 0
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Refuses named cursors."""
        if name:
            raise ImproperlyConfigured("server-side cursors carry no tenant: set DISABLE_SERVER_SIDE_CURSORS")
        return super().create_cursor(name)

    def is_usable(self) -> bool:
        """Without a round trip: on an idle connection there is nothing to read, unless the server has gone."""
        if self.connection.closed:
            return False
        idle = select.poll()
        idle.register(self.connection.fileno(), select.POLLIN)
        return not idle.poll(0)
