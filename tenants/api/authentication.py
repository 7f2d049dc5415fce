"""Who is calling: the API key of a request."""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tenants.actors import Actor
from tenants.api.middleware import request_id
from tenants.exceptions import NotAuthenticated
from tenants.services.api_keys import authenticate

MISSING = "Missing API key. Send it as the header X-Api-Key."


class KeyAuthentication(BaseAuthentication):
    """`X-Api-Key: <key>`, else `Authorization: Bearer <key>`; `request.auth` is the Actor."""

    def authenticate(self, request: Request) -> tuple[Actor, Actor]:
        """Raises NotAuthenticated: there is no anonymous access."""
        actor = replace(
            authenticate(secret_of(request), now=timezone.now()),
            address=request.META.get("REMOTE_ADDR") or None,
            request_id=request_id.get(),
        )
        return actor, actor


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass is untyped
    """For /openapi.json."""

    target_class = KeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        """The header."""
        return {"type": "apiKey", "in": "header", "name": "X-Api-Key"}


def secret_of(request: Request) -> str:
    """The key as sent."""
    key = request.headers.get("X-Api-Key", "").strip()
    if not key:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        key = credentials.strip() if scheme.lower() == "bearer" else ""
    if not key:
        raise NotAuthenticated(MISSING)
    return key
