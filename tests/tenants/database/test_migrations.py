"""Migrations and their operations."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tenants.database.operations import AcrossTenants, CompositeForeignKey, InsertOnly, IsolateTenants
from tenants.database.roles import prefix
from tenants.database.routers import OwnerMigrates
from tests.builders import make_tenant

APPS = {"tenants", "assistants", "runs"}
CHANGES_ROWS = re.compile(r"\b(insert|update|delete|merge|truncate)\b", re.IGNORECASE)


@pytest.fixture
def editor(database: None) -> Iterator[Any]:
    """The owner's, rolled back."""
    with transaction.atomic(using="owner"), connections["owner"].schema_editor(atomic=False) as made:
        yield made
        transaction.set_rollback(True, using="owner")


def apply(operation: Operation, editor: Any) -> None:
    operation.database_forwards("tenants", editor, ProjectState(), ProjectState())


def revert(operation: Operation, editor: Any) -> None:
    operation.database_backwards("tenants", editor, ProjectState(), ProjectState())


def asked(editor: Any, statement: str) -> Any:
    with editor.connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def test_models_and_migrations_agree(database: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_only_the_owner_migrates() -> None:
    router = OwnerMigrates()
    assert [alias for alias in connections if router.allow_migrate(alias, "tenants")] == ["owner"]


def test_row_changes_in_migrations_go_across_tenants() -> None:
    loader = MigrationLoader(None)
    for (app, name), migration in loader.disk_migrations.items():
        if app not in APPS:
            continue
        for operation in migration.operations:
            assert not isinstance(operation, RunPython), f"{app}.{name}: wrap it in AcrossTenants"
            assert not (isinstance(operation, RunSQL) and CHANGES_ROWS.search(str(operation.sql))), (
                f"{app}.{name}: wrap it in AcrossTenants"
            )


def test_changes_across_tenants_reach_every_row_and_restore_the_wall(editor: Any) -> None:
    other = make_tenant()
    mark = uuid4().hex
    operation = AcrossTenants(["tenant"], RunSQL(f"update tenant set name = '{mark}' where slug = '{other.slug}'", RunSQL.noop))
    apply(operation, editor)
    assert asked(editor, "select relforcerowsecurity from pg_class where oid = 'tenant'::regclass") == (True,)
    editor.execute("alter table tenant no force row level security")
    assert asked(editor, f"select count(*) from tenant where name = '{mark}'") == (1,)
    editor.execute("alter table tenant force row level security")
    revert(operation, editor)


def test_a_reference_is_validated_against_all_rows(editor: Any) -> None:
    editor.execute("create table child (tenant_id uuid, id int, primary key (tenant_id, id))")
    editor.execute(f"insert into child values ('{uuid4()}', 1)")
    apply(IsolateTenants("child"), editor)
    with pytest.raises(IntegrityError):
        apply(CompositeForeignKey("child", ["tenant_id"], "tenant", ["tenant_id"]), editor)
    editor.connection.needs_rollback = True


def test_walls_can_be_taken_down_and_put_up_again(editor: Any) -> None:
    editor.execute("create table child (tenant_id uuid, id int, primary key (tenant_id, id))")
    operations = [IsolateTenants("child"), CompositeForeignKey("child", ["tenant_id"], "tenant", ["tenant_id"]), InsertOnly("child")]
    for _ in range(2):
        for operation in operations:
            apply(operation, editor)
        may = f"has_table_privilege('{prefix(editor.connection)}_app', 'child', 'update')"
        assert asked(editor, f"select relforcerowsecurity, {may} from pg_class where oid = 'child'::regclass") == (True, False)
        for operation in reversed(operations):
            revert(operation, editor)
        assert asked(editor, f"select relrowsecurity, {may} from pg_class where oid = 'child'::regclass") == (False, True)


def test_operations_can_be_written_again() -> None:
    for operation in (IsolateTenants("a"), InsertOnly("a"), CompositeForeignKey("a", ["b"], "c", ["d"]), AcrossTenants(["a"])):
        name, arguments, options = operation.deconstruct()
        assert type(operation).__name__ == name
        again = type(operation)(*arguments, **options)  # type: ignore[arg-type]  # of four classes at once
        assert again.deconstruct() == (name, arguments, options)


def test_only_an_owners_name_gives_the_prefix() -> None:
    with pytest.raises(ValueError, match=r"manage\.py setup"):
        prefix(connection)
