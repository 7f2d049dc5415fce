"""Migration operations: policies, composite foreign keys, grants, functions of the system role."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AddIndex
from django.db.migrations.state import ProjectState
from psycopg import sql

from tenants.database.roles import prefix

TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::uuid)"
Editor = BaseDatabaseSchemaEditor


def isolate(table: str, roles: str, column: str = "tenant_id") -> str:
    """SQL that walls a table; repeatable."""
    test = f"({column} = {TENANT})"
    return (
        f'alter table "{table}" enable row level security; alter table "{table}" force row level security;'
        f'drop policy if exists tenant_isolation on "{table}"; drop policy if exists system_all on "{table}";'
        f'create policy tenant_isolation on "{table}" for all to "{roles}_app", "{roles}_owner" using {test} with check {test};'
        f'create policy system_all on "{table}" for all to "{roles}_system" using (true) with check (true)'
    )


def outside_transaction(editor: Editor, statement: "str | sql.Composed") -> None:
    """Execute what PostgreSQL takes in no transaction: statements of our own cursor travel with the tenant, which makes one."""
    raw: psycopg.Connection[Any] = editor.connection.connection
    with psycopg.Cursor(raw) as cursor:
        cursor.execute(statement)


@contextmanager
def unforced(editor: Editor, *tables: str) -> Iterator[None]:
    """Let the owner see all rows of these tables: under FORCE it would see none, and constraints would validate nothing."""
    for table in tables:
        editor.execute(f'alter table "{table}" no force row level security')
    yield
    for table in tables:
        editor.execute(
            f"do $$ begin if (select relrowsecurity from pg_class where oid = '\"{table}\"'::regclass) then "
            f'alter table "{table}" force row level security; end if; end $$'
        )


class DatabaseOnly(Operation):
    """SQL that leaves Django's state alone."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing."""


class IsolateTenants(DatabaseOnly):
    """Row-level security, forced, with the tenant's and the system's policy."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """For Django."""
        return type(self).__name__, self.tables, {}

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Enable, force, create policies."""
        for table in self.tables:
            schema_editor.execute(isolate(table, prefix(schema_editor.connection)))

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Drop policies and disable."""
        for table in self.tables:
            schema_editor.execute(
                f'drop policy tenant_isolation on "{table}"; drop policy system_all on "{table}";'
                f'alter table "{table}" no force row level security; alter table "{table}" disable row level security'
            )


class AddIndexOnline(AddIndex):
    """An index made while others write; in a migration with `atomic = False`. What a broken attempt has left is dropped first."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Create concurrently."""
        model = to_state.apps.get_model(app_label, self.model_name)
        self._drop(schema_editor)
        outside_transaction(schema_editor, str(self.index.create_sql(model, schema_editor, concurrently=True)))

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Drop concurrently."""
        self._drop(schema_editor)

    def _drop(self, editor: Editor) -> None:
        outside_transaction(editor, sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(self.index.name)))


class InsertOnly(DatabaseOnly):
    """The app role can add rows, never change or remove them."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """For Django."""
        return type(self).__name__, self.tables, {}

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Revoke."""
        for table in self.tables:
            schema_editor.execute(f'revoke update, delete on "{table}" from "{prefix(schema_editor.connection)}_app"')

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Grant again."""
        for table in self.tables:
            schema_editor.execute(f'grant update, delete on "{table}" to "{prefix(schema_editor.connection)}_app"')


class AcrossTenants(DatabaseOnly):
    """Operations that touch rows (RunPython, RunSQL): under FORCE they would see none of these tables'."""

    def __init__(self, tables: Sequence[str], *operations: Operation) -> None:
        self.tables, self.operations = tables, operations

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """For Django."""
        return type(self).__name__, (self.tables, *self.operations), {}

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """In order, as the owner of all rows."""
        with unforced(schema_editor, *self.tables):
            for operation in self.operations:
                operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """In reverse order."""
        with unforced(schema_editor, *self.tables):
            for operation in reversed(self.operations):
                operation.database_backwards(app_label, schema_editor, from_state, to_state)


class CompositeForeignKey(DatabaseOnly):
    """`(tenant_id, columns…)` of one table refers to the primary key of another."""

    def __init__(self, table: str, columns: Sequence[str], to: str, to_columns: Sequence[str], on_delete: str = "no action") -> None:
        self.table, self.columns, self.to, self.to_columns, self.on_delete = table, columns, to, to_columns, on_delete
        self.name = f"{table}_{columns[-1]}_fk"

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """For Django."""
        return type(self).__name__, (self.table, self.columns, self.to, self.to_columns), {"on_delete": self.on_delete}

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Add the constraint, validated against all rows."""
        ours, theirs = (", ".join(f'"{name}"' for name in names) for names in (self.columns, self.to_columns))
        with unforced(schema_editor, self.table):
            schema_editor.execute(
                f'alter table "{self.table}" add constraint "{self.name}" foreign key ({ours}) '
                f'references "{self.to}" ({theirs}) on delete {self.on_delete}'
            )

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Drop the constraint."""
        schema_editor.execute(f'alter table "{self.table}" drop constraint "{self.name}"')


class SystemFunction(DatabaseOnly):
    """A SECURITY DEFINER function that belongs to the system role: created, replaced and granted as that role.

    `file` holds one `create function name(…)`; `to` is the suffix of the role that may execute it.
    """

    def __init__(self, file: str, signature: str, to: str) -> None:
        self.file, self.signature, self.to = file, signature, to

    def deconstruct(self) -> tuple[str, Sequence[object], dict[str, object]]:
        """For Django."""
        return type(self).__name__, (self.file, self.signature, self.to), {}

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Create, revoke from public, grant."""
        roles = prefix(schema_editor.connection)
        schema_editor.execute(f'set local role "{roles}_system"')
        schema_editor.execute(Path(self.file).read_text(), None)
        schema_editor.execute(f"revoke execute on function {self.signature} from public")
        schema_editor.execute(f'grant execute on function {self.signature} to "{roles}_{self.to}"')
        schema_editor.execute("reset role")

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState) -> None:
        """Drop as its owner."""
        schema_editor.execute(f'set local role "{prefix(schema_editor.connection)}_system"')
        schema_editor.execute(f"drop function {self.signature}")
        schema_editor.execute("reset role")
