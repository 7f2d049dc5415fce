"""Tenants."""

import uuid

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from tenants.actors import system_actor
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotFound
from tenants.models import Tenant
from tenants.services import audit

SLUG_LIMIT = 63
NAME_LIMIT = 200


def create_tenant(*, name: str, slug: str | None = None) -> Tenant:
    """Make a tenant and write its first audit row. The slug is made from the name unless given; a taken one is a Conflict."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or "\0" in name:
        raise Invalid(f"A tenant's name has 1 to {NAME_LIMIT} characters")
    wanted = slugify(name)[:SLUG_LIMIT].strip("-") if slug is None else slug
    if not wanted or wanted != slugify(wanted) or len(wanted) > SLUG_LIMIT:
        raise Invalid(f"A slug has 1 to {SLUG_LIMIT} of a-z, 0-9, '-' and '_'; give one with --slug")
    tenant_id = uuid.uuid4()
    try:
        with acting_for(tenant_id), transaction.atomic():
            tenant = Tenant.objects.create(tenant_id=tenant_id, name=name, slug=wanted)
            audit.record(system_actor(tenant_id, "manage"), "tenant.create", "tenant", tenant_id, after={"slug": wanted})
    except IntegrityError as error:
        raise Conflict(f"The slug '{wanted}' is taken; give another one with --slug") from error
    return tenant


def tenant_by_slug(slug: str) -> Tenant:
    """For commands: they see all tenants, as the system role. Raises NotFound."""
    tenant = Tenant.objects.using("system").filter(slug=slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant '{slug}'. `manage.py tenant list` shows them.")
    return tenant


def list_tenants() -> list[Tenant]:
    """For commands: all tenants, as the system role."""
    return list(Tenant.objects.using("system").order_by("slug"))
