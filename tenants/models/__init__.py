"""Tables of tenants."""

from tenants.models.api_key import ApiKey
from tenants.models.audit import AuditEvent
from tenants.models.member import Member, User
from tenants.models.tenant import Json, Tenant, TenantOwned, TenantQuerySet

__all__ = ["ApiKey", "AuditEvent", "Json", "Member", "Tenant", "TenantOwned", "TenantQuerySet", "User"]
