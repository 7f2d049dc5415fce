"""The kept threads."""

import asyncio
from contextvars import ContextVar, copy_context
from uuid import UUID

from django.db import connection

from tenants.database.context import acting_for, current_tenant
from tenants.database.threads import hop, in_database
from tenants.models import Tenant

word: ContextVar[str] = ContextVar("word", default="nothing")


def visible() -> set[UUID]:
    return {tenant.tenant_id for tenant in Tenant.objects.all()}


async def test_a_call_sees_its_callers_tenant(tenant: Tenant) -> None:
    with acting_for(tenant.tenant_id):
        assert await in_database(visible) == {tenant.tenant_id}
    with acting_for(None):
        assert await in_database(visible) == set()


async def test_nothing_that_a_request_sets_stays_in_the_thread() -> None:
    def enter() -> None:
        word.set("left behind")
        current_tenant.set(UUID(int=1))

    contexts = [copy_context() for _ in range(20)]
    await asyncio.gather(*(hop(context, enter) for context in contexts))
    assert [await hop(copy_context(), word.get) for _ in range(20)] == ["nothing"] * 20
    assert {context[word] for context in contexts} == {"left behind"}


async def test_a_thread_keeps_its_connection_outside_of_any_transaction(tenant: Tenant) -> None:
    def state() -> tuple[bool, bool]:
        return connection.connection is not None and not connection.connection.closed, connection.in_atomic_block

    with acting_for(tenant.tenant_id):
        await in_database(visible)
        assert (True, False) in [await in_database(state) for _ in range(200)]
