"""Tenants, members, keys and the audit log as JSON: bodies that are accepted, rows that are answered. Secrets are in none of the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import jsonschema_rs

from tenants.actors import Actor, Role
from tenants.exceptions import BadRequest, Invalid
from tenants.models import INTERRUPT_KINDS, ApiKey, AuditEvent, Json, Member, Tenant, User, effective
from tenants.validation import check, path_id

Query = Mapping[str, Sequence[str]]

TEXT: Json = {"type": "string"}
NAME: Json = {"type": "string", "minLength": 1, "maxLength": 200}
ROLE: Json = {"type": "string", "enum": [role.value for role in Role]}
TIME: Json = {"type": "string", "format": "date-time"}
SWITCH: Json = {"type": "boolean"}
LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}
OFFSET: Json = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0}
LONGEST_DAYS = 36_500
LONGEST_OVERLAP_HOURS = 720
LIFETIME: Json = {
    "days": {"type": "integer", "minimum": 1, "maximum": LONGEST_DAYS, "description": "Valid so many days; 90 unless told otherwise."},
    "expires_at": TIME | {"description": "Valid until then, instead of `days`."},
}


def _body(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


SETTINGS = _body(
    owner_answers={
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string", "enum": list(INTERRUPT_KINDS)},
        "description": "The kinds of interrupts that the owners of threads may answer themselves.",
    },
    members_need_second_person=SWITCH | {"description": "Whether members may not decide what they requested."},
    keys_need_second_person=SWITCH | {"description": "Whether keys may not decide what they requested."},
)
TENANT_PATCH = _body(name=NAME, settings=SETTINGS)
KEY_CREATE = _body(
    "name",
    "role",
    name=NAME,
    role=ROLE,
    **LIFETIME,
    identity={"type": "string", "format": "uuid", "description": "The service identity to act as; a new one unless given."},
)
KEY_ROTATE = _body(
    overlap_hours={
        "type": "number",
        "minimum": 0,
        "maximum": LONGEST_OVERLAP_HOURS,
        "default": 24,
        "description": "How long the old key is still good.",
    },
    **LIFETIME,
)
MEMBER_ADD = _body("email", "role", email={"type": "string", "format": "email"}, role=ROLE, name={"type": "string", "maxLength": 200})
MEMBER_PATCH = _body("role", role=ROLE)
AUDIT_EQUAL = ("actor", "action", "target_type", "target_id")
AUDIT_SEARCH = _body(
    actor=TEXT | {"description": "`key:<identity>`, `member:<user_id>` or `system:<name>`."},
    action=TEXT,
    target_type=TEXT,
    target_id=TEXT,
    since=TIME | {"description": "Not before then."},
    until=TIME | {"description": "Before then."},
    limit=LIMIT,
    before={"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "description": "Only rows behind the one with this id, in this order."},
)
PAGE = _body(limit=LIMIT, offset=OFFSET)
_tenant_patch, _key_create, _key_rotate, _member_add, _member_patch, _audit_search, _page = (
    jsonschema_rs.validator_for(body)
    for body in (
        TENANT_PATCH,
        KEY_CREATE,
        KEY_ROTATE,
        MEMBER_ADD,
        MEMBER_PATCH,
        AUDIT_SEARCH,
        PAGE,
    )
)


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list."""

    limit: int = 10
    offset: int = 0

    @classmethod
    def of_query(cls, query: Query) -> Self:
        """The last of each parameter. Raises BadRequest for what is no integer, Invalid for one out of range."""
        try:
            numbers = {name: int(query[name][-1]) for name in ("limit", "offset") if query.get(name)}
        except ValueError as error:
            raise BadRequest(str(error)) from error
        check(_page, numbers)
        return cls(**numbers)


@dataclass(frozen=True, slots=True)
class TenantPatch:
    """Body of PATCH /tenant; None leaves the name as it is, settings that are not named stay."""

    name: str | None
    settings: Json

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises Invalid, for unknown settings too: a misspelt wall would be none."""
        given = _checked(_tenant_patch, body)
        return cls(given.get("name"), given.get("settings", {}))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a key is to be valid: until a time, so many days, or as long as keys are."""

    expires_at: datetime | None
    days: int | None

    @classmethod
    def parse(cls, given: Json) -> Self:
        """Raises Invalid for both at once and for a time without its zone."""
        if "days" in given and "expires_at" in given:
            raise Invalid("Give either 'days' or 'expires_at'")
        return cls(_time(given, "expires_at"), given.get("days"))

    def until(self, now: datetime) -> datetime | None:
        """When it ends, if that was said."""
        return self.expires_at if self.days is None else now + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class KeyCreate:
    """Body of POST /tenant/keys."""

    name: str
    role: Role
    lifetime: Lifetime
    identity: UUID | None

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises Invalid."""
        given = _checked(_key_create, body)
        identity = path_id(given["identity"], "identity") if "identity" in given else None
        return cls(given["name"], Role(given["role"]), Lifetime.parse(given), identity)


@dataclass(frozen=True, slots=True)
class KeyRotate:
    """Body of POST /tenant/keys/{key_id}/rotate."""

    overlap: timedelta
    lifetime: Lifetime

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises Invalid."""
        given = _checked(_key_rotate, body)
        return cls(timedelta(hours=given.get("overlap_hours", 24)), Lifetime.parse(given))


@dataclass(frozen=True, slots=True)
class MemberAdd:
    """Body of POST /tenant/members."""

    email: str
    role: Role
    name: str

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises Invalid."""
        given = _checked(_member_add, body)
        return cls(given["email"], Role(given["role"]), given.get("name", ""))


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """Body of POST /tenant/audit/search: what rows have to equal, and where the page begins."""

    equal: dict[str, str]
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 10
    before: int | None = None

    @classmethod
    def parse(cls, body: object) -> Self:
        """Raises Invalid."""
        given = _checked(_audit_search, body)
        equal: dict[str, str] = {name: given[name] for name in AUDIT_EQUAL if name in given}
        return cls(equal, _time(given, "since"), _time(given, "until"), int(given.get("limit", 10)), given.get("before"))

    @classmethod
    def of_query(cls, query: Query) -> Self:
        """The same of an export, which has no pages."""
        return cls.parse({name: query[name][-1] for name in (*AUDIT_EQUAL, "since", "until") if query.get(name)})


def role_of(body: object) -> Role:
    """Body of PATCH /tenant/members/{user_id}. Raises Invalid."""
    return Role(_checked(_member_patch, body)["role"])


def tenant_json(tenant: Tenant, actor: Actor, permissions: Iterable[str], limits: Mapping[str, int]) -> Json:
    """GET /tenant: the tenant, and as whom it is read."""
    return {
        "tenant_id": tenant.tenant_id,
        "slug": tenant.slug,
        "name": tenant.name,
        "created_at": tenant.created_at,
        "settings": effective(tenant.settings),
        "limits": dict(limits),
        "me": {
            "identity": actor.identity,
            "kind": actor.kind,
            "role": actor.role,
            "key_id": actor.key_id,
            "permissions": list(permissions),
        },
    }


def key_json(key: ApiKey) -> Json:
    """A key without anything that opens."""
    return {
        "key_id": key.key_id,
        "identity": key.identity,
        "name": key.name,
        "role": str(key.role),
        "prefix": key.prefix,
        "last_four": key.last_four,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def member_json(member: Member, user: User) -> Json:
    """A person of this tenant; `created_at` is when they became a member."""
    return {
        "user_id": member.user_id,
        "email": user.email,
        "name": user.name,
        "role": str(member.role),
        "created_at": member.created_at,
    }


def audit_json(event: AuditEvent) -> Json:
    """A row of the log."""
    return {
        "id": event.id,
        "at": event.at,
        "actor": event.actor,
        "address": event.address,
        "request_id": event.request_id,
        "action": event.action,
        "target_type": event.target_type,
        "target_id": event.target_id,
        "before": event.before,
        "after": event.after,
    }


def _checked(validator: Any, body: object) -> Json:
    check(validator, body)
    assert isinstance(body, dict)
    return body


def _time(given: Json, name: str) -> datetime | None:
    """Of a zone: without one it would mean another moment on each machine."""
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name])
    except ValueError as error:
        raise Invalid(f"'{name}' is no ISO 8601 time: {error}") from error
    if moment.utcoffset() is None:
        raise Invalid(f"'{name}' needs a zone, such as 2026-11-21T09:30:00Z")
    return moment
