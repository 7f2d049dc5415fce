"""Tenant, and the base of everything a tenant owns."""

import uuid
from typing import Any, Self, TypeVar

from django.db import models

from tenants.database.fields import JsonField

M = TypeVar("M", bound=models.Model, covariant=True)
Json = dict[str, Any]

# What tenants decide, and what holds until they do; other keys of `Tenant.settings` are not theirs to set.
INTERRUPT_KINDS = ("tool_approval", "batch", "inbox_request", "form", "question", "breakpoint")
DEFAULTS: Json = {"owner_answers": ["question", "form"], "keys_need_second_person": False, "members_need_second_person": True}


def effective(stored: Json) -> Json:
    """The settings that hold: those stored, else the defaults."""
    return {name: stored.get(name, default) for name, default in DEFAULTS.items()}


class TenantQuerySet(models.QuerySet[M]):
    """What a tenant's rows can be asked."""

    def for_tenant(self, tenant_id: uuid.UUID | models.OuterRef) -> Self:
        """This tenant's rows; in a subquery those of the outer row's tenant."""
        return self.filter(tenant_id=tenant_id)


class Tenant(models.Model):
    """A customer. Row-level security shows each tenant its own row only."""

    tenant_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    slug = models.SlugField(unique=True, max_length=63)
    name = models.TextField()
    settings: "models.Field[Json, Json]" = JsonField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    suspended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "tenant"

    def __str__(self) -> str:
        return self.slug


class TenantOwned(models.Model):
    """A row of one tenant; its key begins with the tenant."""

    tenant_id = models.UUIDField()

    class Meta:
        abstract = True
