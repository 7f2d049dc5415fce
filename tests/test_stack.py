"""The test infrastructure itself"""

from django.db import connection

from tenants.database.context import acting_for
from tenants.models import Tenant
from tests import builders, stack
from tests.builders import Person


def test_tests_run_as_the_app_role(tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)")
        assert cursor.fetchone() == ("holdfast_test_app", False)


def test_tenant_is_committed_and_alone(tenant: Tenant) -> None:
    assert list(Tenant.objects.values_list("tenant_id", flat=True)) == [tenant.tenant_id]
    with acting_for(None):
        assert not Tenant.objects.exists()


def test_builders_make_rows_of_a_tenant(tenant: Tenant, owner: Person) -> None:
    thread = builders.make_thread(tenant, owner.actor, interrupted=True, metadata={"a": "b"})
    run = builders.make_run(tenant, thread, "pending")
    builders.make_events(tenant, run, ("values", b"{}"))
    assert thread.owner == owner.actor.identity
    assert builders.make_assistant(tenant).version == 1


def test_product_has_a_database_of_its_own(live: str, tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_database()")
        assert cursor.fetchone() == (f"{stack.own_database()}_product",)
