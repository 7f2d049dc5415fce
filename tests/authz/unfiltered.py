"""`python -m tests.authz.unfiltered …`: uvicorn, with a code base that forgot every tenant filter."""

import sys

import django

django.setup(set_prefix=False)

import uvicorn  # noqa: E402

from tenants.models import TenantQuerySet  # noqa: E402


def forgotten(self: object, tenant_id: object) -> object:
    """What `for_tenant` is when nobody wrote the filter; says so in the log."""
    print("a filter was forgotten", file=sys.stderr, flush=True)
    return self


if __name__ == "__main__":
    TenantQuerySet.for_tenant = forgotten  # type: ignore[method-assign, assignment]  # the point of this module
    uvicorn.main()
