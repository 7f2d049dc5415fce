"""Which tenant this call acts for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

current_tenant: ContextVar[UUID | None] = ContextVar("current_tenant", default=None)


@contextmanager
def acting_for(tenant_id: UUID | None) -> Iterator[None]:
    """Every statement inside carries this tenant; None sees no tenant's rows."""
    token = current_tenant.set(tenant_id)
    try:
        yield
    finally:
        current_tenant.reset(token)
