"""Tables of tenants."""

from tenants.models.api_key import ApiKey
from tenants.models.audit import AuditEvent
from tenants.models.member import Member, User
from tenants.models.tenant import INTERRUPT_KINDS, Json, Tenant, TenantOwned, TenantQuerySet, effective

__all__ = ["INTERRUPT_KINDS", "ApiKey", "AuditEvent", "Json", "Member", "Tenant", "TenantOwned", "TenantQuerySet", "User", "effective"]
