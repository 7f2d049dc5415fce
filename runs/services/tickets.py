"""Tickets: how a browser opens a websocket without showing a key."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from redis.exceptions import RedisError

from runs.streams import keys
from runs.streams.connection import sync_redis
from tenants.actors import Actor, ActorKind, Role
from tenants.exceptions import Invalid, NotAuthenticated, Unavailable

LIFETIME = timedelta(seconds=30)
PATH_LIMIT = 500
REFUSED = "This ticket is unknown, used or expired."


@dataclass(frozen=True, slots=True)
class Ticket:
    """Opens one websocket at one path, once."""

    ticket: str
    expires_at: datetime


def issue_ticket(*, actor: Actor, path: object, now: datetime) -> Ticket:
    """A ticket for this actor and path; only its digest is kept, in Redis, for LIFETIME. Raises Unavailable while Redis is away."""
    if not isinstance(path, str) or not path.startswith("/ws/") or len(path) > PATH_LIMIT:
        raise Invalid("path must be the path of a websocket: '/ws/…'")
    secret = secrets.token_urlsafe(32)
    try:
        sync_redis().set(keys.ticket(_digest(secret)), orjson.dumps(_bearer(actor, path)), ex=LIFETIME)
    except RedisError as error:
        raise Unavailable("Tickets cannot be issued at the moment. Try again.") from error
    return Ticket(secret, now + LIFETIME)


def redeem_ticket(secret: str, path: str) -> Actor:
    """Who was given this ticket; it is spent whether or not the path fits. Raises NotAuthenticated."""
    try:
        stored: Any = sync_redis().getdel(keys.ticket(_digest(secret)))
    except RedisError as error:
        raise NotAuthenticated(REFUSED) from error
    bearer = orjson.loads(stored) if stored else None
    if bearer is None or bearer["path"] != path:
        raise NotAuthenticated(REFUSED)
    return Actor(
        tenant_id=UUID(bearer["tenant_id"]),
        identity=bearer["identity"],
        role=Role(bearer["role"]),
        kind=ActorKind(bearer["kind"]),
        key_id=UUID(bearer["key_id"]) if bearer["key_id"] else None,
    )


def _bearer(actor: Actor, path: str) -> dict[str, Any]:
    return {
        "path": path,
        "tenant_id": actor.tenant_id,
        "identity": actor.identity,
        "role": actor.role,
        "kind": actor.kind,
        "key_id": actor.key_id,
    }


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
