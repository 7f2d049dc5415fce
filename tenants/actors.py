"""Who is calling: a tenant, an identity and a role."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A member's or key's role within its tenant."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    DEVELOPER = "developer"
    ADMIN = "admin"
    OWNER = "owner"


class ActorKind(StrEnum):
    """How the actor was recognised."""

    KEY = "key"
    MEMBER = "member"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One caller within one tenant.

    `identity` is what owns threads and stands in the audit log: `key:<service identity>` (kept over rotations), `member:<user id>`
    or `system:<name>`.
    """

    tenant_id: UUID
    identity: str
    role: Role
    kind: ActorKind = ActorKind.KEY
    key_id: UUID | None = None
    address: str | None = None
    request_id: str | None = None


def system_actor(tenant_id: UUID, name: str) -> Actor:
    """The actor of commands and of the engine's own changes."""
    return Actor(tenant_id=tenant_id, identity=f"system:{name}", role=Role.OWNER, kind=ActorKind.SYSTEM)
