"""Tenants."""

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from tenants.actors import Actor, system_actor
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotFound
from tenants.models import Json, Tenant, effective
from tenants.policy import Permission, granted, require
from tenants.services import audit
from tenants.wire import LONGEST_DAYS, TenantPatch

SLUG_LIMIT = 63
NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class OwnTenant:
    """An actor's tenant, what they may do in it, and how much: bytes, levels, rows, days."""

    tenant: Tenant
    permissions: list[Permission]
    limits: dict[str, int]


def own_tenant(*, actor: Actor) -> OwnTenant:
    """Which tenant a caller belongs to and as whom; everybody may know that of themselves."""
    return _standing(actor, Tenant.objects.get(tenant_id=actor.tenant_id))


@transaction.atomic
def patch_tenant(*, actor: Actor, request: TenantPatch) -> OwnTenant:
    """Change name and settings, auditing what differs; settings that are not named stay."""
    require(actor, Permission.TENANT_WRITE)
    tenant = lock_tenant(actor)
    before = {"name": tenant.name} | effective(tenant.settings)
    tenant.settings = tenant.settings | request.settings
    tenant.name = tenant.name if request.name is None else checked_name(request.name)
    after = {"name": tenant.name} | effective(tenant.settings)
    if changed := [name for name in after if after[name] != before[name]]:
        tenant.save(update_fields=["name", "settings"])
        audit.record(actor, "tenant.update", "tenant", tenant.tenant_id, before=_only(before, changed), after=_only(after, changed))
    return _standing(actor, tenant)


def lock_tenant(actor: Actor) -> Tenant:
    """Hold the actor's tenant until the transaction ends: settings and members change one after the other. Rows of it can be added."""
    return Tenant.objects.select_for_update(no_key=True).get(tenant_id=actor.tenant_id)


def create_tenant(*, name: str, slug: str | None = None) -> Tenant:
    """Make a tenant and write its first audit row. The slug is made from the name unless given; a taken one is a Conflict."""
    name = checked_name(name)
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


def checked_name(name: str) -> str:
    """Without blanks around it. Raises Invalid."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or "\0" in name:
        raise Invalid(f"A tenant's name has 1 to {NAME_LIMIT} characters")
    return name


def _standing(actor: Actor, tenant: Tenant) -> OwnTenant:
    limits = {
        "body_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        "json_depth": settings.JSON_DEPTH_LIMIT,
        "page_rows": 1000,
        "key_days": LONGEST_DAYS,
    }
    return OwnTenant(tenant, granted(actor), limits)


def _only(values: Json, names: list[str]) -> Json:
    return {name: values[name] for name in names}
