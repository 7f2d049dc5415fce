"""The tenant on every statement."""

from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError, ProgrammingError, close_old_connections, connection, transaction
from psycopg import sql

from tenants.database.context import acting_for, current_tenant
from tenants.models import ApiKey, Tenant
from tests import stack
from tests.builders import key_of, make_tenant


def visible() -> set[str]:
    return {tenant.slug for tenant in Tenant.objects.all()}


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('app.tenant_id', true)")
        return str(cursor.fetchone()[0])


def fail() -> None:
    """A statement that PostgreSQL refuses."""
    with connection.cursor() as cursor:
        cursor.execute("select 1 / 0")


@pytest.fixture
def other(tenant: Tenant) -> Tenant:
    return make_tenant()


def test_each_statement_carries_the_tenant_of_its_moment(tenant: Tenant, other: Tenant) -> None:
    assert visible() == {tenant.slug}
    with acting_for(other.tenant_id):
        assert visible() == {other.slug}
    assert visible() == {tenant.slug}


def test_without_a_tenant_there_are_no_rows(tenant: Tenant) -> None:
    with acting_for(None):
        assert visible() == set()
        with pytest.raises(ProgrammingError, match="row-level security"):
            Tenant.objects.create(slug="nobody", name="nobody")


def test_another_tenants_row_cannot_be_written(tenant: Tenant, other: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        ApiKey.objects.create(tenant_id=other.tenant_id, name="k", hash=b"x", created_by="x")
    assert Tenant.objects.filter(tenant_id=other.tenant_id).update(name="stolen") == 0


def test_inside_a_transaction_the_tenant_can_change(tenant: Tenant, other: Tenant) -> None:
    with transaction.atomic():
        assert visible() == {tenant.slug}
        with acting_for(other.tenant_id), transaction.atomic():
            assert visible() == {other.slug}
        assert visible() == {tenant.slug}


def test_after_a_rolled_back_savepoint_the_tenant_is_right(tenant: Tenant, other: Tenant) -> None:
    with transaction.atomic():
        with acting_for(other.tenant_id), pytest.raises(IntegrityError), transaction.atomic():
            Tenant.objects.create(tenant_id=other.tenant_id, slug="again", name="again")
        assert visible() == {tenant.slug}
        with pytest.raises(IntegrityError), transaction.atomic(), transaction.atomic():
            Tenant.objects.create(tenant_id=tenant.tenant_id, slug="again", name="again")
        with acting_for(other.tenant_id):
            assert visible() == {other.slug}


def test_after_a_swallowed_error_the_next_statement_is_the_next_tenants(tenant: Tenant, other: Tenant) -> None:
    with transaction.atomic():
        assert visible() == {tenant.slug}
        with suppress(DataError):  # the mistake this test is about
            fail()
    with acting_for(other.tenant_id):
        assert visible() == {other.slug}


def test_nothing_stays_behind_on_the_connection(tenant: Tenant) -> None:
    assert visible() == {tenant.slug}
    raw = connection.connection
    with psycopg.Cursor(raw) as plain:
        assert plain.execute("select nullif(current_setting('app.tenant_id', true), '')").fetchone() == (None,)


@pytest.mark.parametrize("in_transaction", [False, True])
def test_after_the_backend_was_killed_the_next_request_works(tenant: Tenant, other: Tenant, in_transaction: bool) -> None:
    assert visible() == {tenant.slug}
    if in_transaction:
        transaction.set_autocommit(False)
        assert visible() == {tenant.slug}
    with psycopg.connect(stack.admin_url(), autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    if in_transaction:
        connection.close()
        transaction.set_autocommit(True)
    close_old_connections()
    with acting_for(other.tenant_id):
        assert visible() == {other.slug}


def test_a_lazy_queryset_sees_the_tenant_of_its_evaluation(tenant: Tenant, other: Tenant) -> None:
    with acting_for(other.tenant_id):
        lazy = Tenant.objects.all()
    assert list(lazy) == [tenant]


def test_only_an_id_can_be_a_tenant(tenant: Tenant) -> None:
    token = current_tenant.set("'; drop table tenant; --")  # type: ignore[arg-type]  # what the types forbid
    try:
        with pytest.raises(AttributeError):
            visible()
    finally:
        current_tenant.reset(token)
    assert visible() == {tenant.slug}


@pytest.mark.parametrize(
    ("statement", "parameters", "answer"),
    [
        ("select '100%%', %s", ["%"], ("100%", "%")),
        ("select '100%'", None, ("100%",)),
        (sql.SQL("select {}").format(sql.Literal("composed")), None, ("composed",)),
        ("select %(a)s", {"a": "named"}, ("named",)),
    ],
)
def test_any_form_of_statement_works(tenant: Tenant, statement: Any, parameters: Any, answer: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.fetchone() == answer
        assert cursor.rowcount == 1


def test_executemany_carries_the_tenant_each_time(tenant: Tenant) -> None:
    key_of(tenant)
    with connection.cursor() as cursor:
        cursor.executemany("update api_key set name = %s", [["first"], ["second"]])
    assert ApiKey.objects.for_tenant(tenant.tenant_id).get().name == "second"


def test_what_would_travel_alone_is_refused(tenant: Tenant) -> None:
    with connection.cursor() as cursor, pytest.raises(ImproperlyConfigured, match="COPY"):
        cursor.copy("copy tenant to stdout")
    with pytest.raises(ImproperlyConfigured, match="server-side"):
        connection.create_cursor("named")


def test_server_side_cursors_are_off_for_iterators(tenant: Tenant) -> None:
    assert [each.slug for each in Tenant.objects.iterator()] == [tenant.slug]


def test_the_setting_is_the_plain_id(tenant: Tenant) -> None:
    assert setting() == tenant.tenant_id.hex
    with acting_for(None):
        assert setting() == ""
