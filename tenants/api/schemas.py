"""What the OpenAPI document says about tenants, members, keys and the audit log, with one world of examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from tenants import wire
from tenants.api.openapi import many, one_of, row
from tenants.models import Json

ID: Json = {"type": "string", "format": "uuid"}
TEXT: Json = {"type": "string"}
NULLABLE: Json = {"type": ["string", "null"]}
NULLABLE_TIME: Json = {"type": ["string", "null"], "format": "date-time"}
NULLABLE_OBJECT: Json = {"type": ["object", "null"]}
TENANT = row(
    tenant_id=ID,
    slug=TEXT,
    name=TEXT,
    created_at=wire.TIME,
    settings=row(**wire.SETTINGS["properties"]),
    limits=row(**{name: {"type": "integer"} for name in ("body_bytes", "json_depth", "page_rows", "key_days")}),
    me=row(
        identity=TEXT,
        kind=one_of("key", "member", "system"),
        role=wire.ROLE,
        key_id={"type": ["string", "null"], "format": "uuid"},
        permissions=many(TEXT),
    ),
)
KEY = row(
    key_id=ID,
    identity=ID,
    name=TEXT,
    role=wire.ROLE,
    prefix=TEXT,
    last_four=TEXT,
    created_at=wire.TIME,
    created_by=TEXT,
    expires_at=NULLABLE_TIME,
    last_used_at=NULLABLE_TIME,
    revoked_at=NULLABLE_TIME,
)
NEW_KEY = row(**KEY["properties"], key={"type": "string", "description": "The secret. It is shown this once and stored nowhere."})
MEMBER = row(user_id=ID, email=TEXT, name=TEXT, role=wire.ROLE, created_at=wire.TIME)
EVENT = row(
    id={"type": "integer"},
    at=wire.TIME,
    actor=TEXT,
    address=NULLABLE,
    request_id=NULLABLE,
    action=TEXT,
    target_type=TEXT,
    target_id=TEXT,
    before=NULLABLE_OBJECT,
    after=NULLABLE_OBJECT,
)
LIMIT = OpenApiParameter("limit", wire.LIMIT, description="At most so many rows.")
OFFSET = OpenApiParameter("offset", wire.OFFSET, description="Leave out so many rows first.")
TOTAL = OpenApiParameter(
    "X-Pagination-Total", int, OpenApiParameter.HEADER, response=[200], description="A lower bound of how many there are."
)
NEXT = OpenApiParameter("X-Pagination-Next", int, OpenApiParameter.HEADER, response=[200], description="Offset of the next page, if any.")
AUDIT_FILTERS = [
    OpenApiParameter("actor", str, description="Only what they did: `key:<identity>`, `member:<user_id>` or `system:<name>`."),
    OpenApiParameter("action", str, description="Only this, such as `key.create`."),
    OpenApiParameter("target_type", str, description="Only of this kind of things, such as `api_key`."),
    OpenApiParameter("target_id", str, description="Only of this thing."),
    OpenApiParameter("since", wire.TIME, description="Not before then."),
    OpenApiParameter("until", wire.TIME, description="Before then."),
]
CURSOR = OpenApiParameter(
    "X-Pagination-Next", int, OpenApiParameter.HEADER, response=[200], description="`before` of the next page, if there is one."
)
NO_STORE = OpenApiParameter(
    "Cache-Control", str, OpenApiParameter.HEADER, response=[200], description="`no-store`: nobody on the way keeps the secret."
)
PAGES = [LIMIT, OFFSET, TOTAL, NEXT]

TIME = "2026-11-21T09:30:00.000000+00:00"
LATER = "2027-02-19T09:30:00.000000+00:00"
TENANT_ID = "0d3f8f0e-6a53-4c0e-9f5e-1b9c2f1c7a10"
KEY_ID = "3f1e6c1c-0d0a-4a52-9d55-9a4f0f6f2b7e"
IDENTITY = "b1f7c1de-5a7e-4f0b-8a0f-6f0a5f1d2c3b"
USER_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TENANT_ROW: Json = {
    "tenant_id": TENANT_ID,
    "slug": "acme",
    "name": "Acme",
    "created_at": TIME,
    "settings": {"owner_answers": ["question", "form"], "keys_need_second_person": False, "members_need_second_person": True},
    "limits": {"body_bytes": 10_485_760, "json_depth": 64, "page_rows": 1000, "key_days": 36_500},
    "me": {
        "identity": f"key:{IDENTITY}",
        "kind": "key",
        "role": "viewer",
        "key_id": KEY_ID,
        "permissions": ["assistant.read"],
    },
}
KEY_ROW: Json = {
    "key_id": KEY_ID,
    "identity": IDENTITY,
    "name": "nightly import",
    "role": "operator",
    "prefix": "holdfast_0aB1cD2e",
    "last_four": "Zz19",
    "created_at": TIME,
    "created_by": f"member:{USER_ID}",
    "expires_at": LATER,
    "last_used_at": None,
    "revoked_at": None,
}
NEW_KEY_ROW: Json = KEY_ROW | {"key": "holdfast_0aB1cD2e…"}
MEMBER_ROW: Json = {"user_id": USER_ID, "email": "ann@example.com", "name": "Ann", "role": "reviewer", "created_at": TIME}
EVENT_ROW: Json = {
    "id": 1024,
    "at": TIME,
    "actor": f"member:{USER_ID}",
    "address": "192.0.2.7",
    "request_id": "b3c1…",
    "action": "key.create",
    "target_type": "api_key",
    "target_id": KEY_ID,
    "before": None,
    "after": {"role": "operator", "name": "nightly import", "expires_at": LATER, "identity": IDENTITY},
}


def sent(value: Any) -> OpenApiExample:
    """An example of a request."""
    return OpenApiExample("request", value, request_only=True)


def answered(value: Any) -> OpenApiExample:
    """An example of what comes back."""
    return OpenApiExample("answer", value, response_only=True, status_codes=["200"])
