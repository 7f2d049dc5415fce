"""HTTP of API keys."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import wire
from tenants.api import schemas
from tenants.api.openapi import body, many
from tenants.api.pagination import paginated
from tenants.api.views import AgentView
from tenants.models import ApiKey
from tenants.services.api_keys import create_key, list_keys, revoke_key, rotate_key
from tenants.validation import path_id


class KeyList(AgentView):
    """GET and POST /tenant/keys."""

    @extend_schema(
        operation_id="list_keys",
        parameters=schemas.PAGES,
        responses={200: many(schemas.KEY)},
        examples=[schemas.answered([schemas.KEY_ROW])],
    )
    def get(self, request: Request) -> Response:
        """The tenant's keys, newest first, ended ones too; with `key.write_own` alone those that you made."""
        page = wire.Page.of_query(dict(request.query_params.lists()))
        rows = [wire.key_json(key) for key in list_keys(actor=self.actor, page=page)]
        return paginated(rows, limit=page.limit, offset=page.offset, has_more=False)

    @extend_schema(
        operation_id="create_key",
        request=body(wire.KEY_CREATE),
        parameters=[schemas.NO_STORE],
        responses={200: schemas.NEW_KEY},
        examples=[schemas.sent({"name": "nightly import", "role": "operator", "days": 30}), schemas.answered(schemas.NEW_KEY_ROW)],
    )
    def post(self, request: Request) -> Response:
        """Make a key of a role not above yours, valid for 90 days unless told otherwise. Its secret is shown this once."""
        wanted, now = wire.KeyCreate.parse(request.data), timezone.now()
        key, secret = create_key(
            actor=self.actor,
            name=wanted.name,
            role=wanted.role,
            expires_at=wanted.lifetime.until(now),
            now=now,
            identity=wanted.identity,
        )
        return shown_once(key, secret)


class KeyDetail(AgentView):
    """DELETE /tenant/keys/{key_id}."""

    @extend_schema(operation_id="revoke_key", responses={204: OpenApiResponse(description="It is refused within a second.")})
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key for good; a second time changes nothing."""
        revoke_key(actor=self.actor, key_id=path_id(key_id, "key"), now=timezone.now())
        return Response(status=204)


class KeyRotation(AgentView):
    """POST /tenant/keys/{key_id}/rotate."""

    body_optional = True

    @extend_schema(
        operation_id="rotate_key",
        request=body(wire.KEY_ROTATE),
        parameters=[schemas.NO_STORE],
        responses={200: schemas.NEW_KEY},
        examples=[schemas.sent({"overlap_hours": 48, "days": 90}), schemas.answered(schemas.NEW_KEY_ROW)],
    )
    def post(self, request: Request, key_id: str) -> Response:
        """Make a second key of the same identity, name and role; the old one ends after `overlap_hours`."""
        name, wanted, now = path_id(key_id, "key"), wire.KeyRotate.parse(request.data), timezone.now()
        key, secret = rotate_key(actor=self.actor, key_id=name, overlap=wanted.overlap, expires_at=wanted.lifetime.until(now), now=now)
        return shown_once(key, secret)


def shown_once(key: ApiKey, secret: str) -> Response:
    """A new key's row with its secret, which nobody on the way may keep."""
    return Response(wire.key_json(key) | {"key": secret}, headers={"Cache-Control": "no-store"})
