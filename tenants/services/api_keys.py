"""API keys: made, recognised, revoked."""

import hashlib
import re
import secrets
import uuid
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from tenants.actors import Actor, ActorKind, Role
from tenants.database.context import acting_for
from tenants.exceptions import Invalid, NotAuthenticated, NotFound
from tenants.models import ApiKey
from tenants.policy import Permission, require, require_grantable
from tenants.services import audit

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PATTERN = re.compile(r"holdfast_[0-9A-Za-z]{49}", re.ASCII)
LIFETIME = timedelta(days=90)
USED_EVERY = timedelta(seconds=60)
CACHED_KEYS = 10_000
NAME_LIMIT = 200
INVALID = "Invalid API key."


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One row of `find_api_key_1`, as read at `read_at`."""

    read_at: datetime
    tenant_id: uuid.UUID
    key_id: uuid.UUID
    identity: uuid.UUID
    role: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    suspended: bool

    def valid(self, now: datetime) -> bool:
        """Neither revoked nor expired, and its tenant is active."""
        return self.revoked_at is None and not self.suspended and (self.expires_at is None or now < self.expires_at)


class KeyCache:
    """Keys seen within the last second, by hash: a burst of requests costs one look-up. Bounded; used by all threads of a process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._known: OrderedDict[bytes, KnownKey] = OrderedDict()

    def get(self, digest: bytes, now: datetime) -> KnownKey | None:
        """What was read less than KEY_CACHE_SECONDS ago."""
        known = self._known.get(digest)
        fresh = known is not None and timedelta(0) <= now - known.read_at < timedelta(seconds=settings.KEY_CACHE_SECONDS)
        return known if fresh else None

    def put(self, digest: bytes, known: KnownKey) -> None:
        """Keep it, forgetting the one that was read first when full."""
        with self._lock:
            self._known.pop(digest, None)
            self._known[digest] = known
            if len(self._known) > self._size:
                self._known.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        """At once in this process; others follow within the second."""
        with self._lock:
            self._known.pop(digest, None)


CACHE = KeyCache(CACHED_KEYS)


def create_key(
    *, actor: Actor, name: str, role: Role, expires_at: datetime | None = None, now: datetime, identity: uuid.UUID | None = None
) -> tuple[ApiKey, str]:
    """Make a key, valid for 90 days unless told otherwise; the secret is returned once and stored nowhere.

    With `identity` the new key acts as an existing service identity (rotation with overlap).
    """
    require(actor, Permission.KEY_WRITE)
    require_grantable(actor, role)
    if not name.strip() or len(name) > NAME_LIMIT or "\0" in name:
        raise Invalid(f"A key's name has 1 to {NAME_LIMIT} characters")
    until = now + LIFETIME if expires_at is None else expires_at
    if until <= now:
        raise Invalid("A key has to expire in the future")
    if identity is not None and not ApiKey.objects.for_tenant(actor.tenant_id).filter(identity=identity).exists():
        raise NotFound(f"Service identity {identity} not found")
    secret = make_secret()
    with transaction.atomic():
        key = ApiKey.objects.create(
            tenant_id=actor.tenant_id,
            identity=identity or uuid.uuid4(),
            name=name.strip(),
            prefix=secret[: len("holdfast_") + 8],
            last_four=secret[-4:],
            hash=digest_of(secret),
            role=role,
            created_by=actor.identity,
            expires_at=until,
        )
        audit.record(actor, "key.create", "api_key", key.key_id, after={"role": role, "name": key.name, "expires_at": until.isoformat()})
    return key, secret


def authenticate(secret: str, *, now: datetime) -> Actor:
    """Whose key this is; a revoked one stops within a second.

    Raises NotAuthenticated alike for unknown, revoked and expired keys and suspended tenants.
    """
    if not well_formed(secret):
        raise NotAuthenticated(INVALID)
    digest = digest_of(secret)
    known = CACHE.get(digest, now)
    if known is None:
        known = _find(digest, now)
        if known is not None and known.valid(now):
            CACHE.put(digest, known)
            _note_use(known, now)
    if known is None or not known.valid(now):
        raise NotAuthenticated(INVALID)
    return Actor(known.tenant_id, f"key:{known.identity}", Role(known.role), ActorKind.KEY, known.key_id)


@transaction.atomic
def revoke_key(*, actor: Actor, key_id: uuid.UUID, now: datetime) -> ApiKey:
    """End a key for good; a second call changes nothing. Other processes refuse it within a second."""
    key = ApiKey.objects.for_tenant(actor.tenant_id).filter(key_id=key_id).first()
    if key is None:
        raise NotFound(f"API key {key_id} not found")
    require(actor, Permission.KEY_WRITE)
    require_grantable(actor, Role(key.role))
    if ApiKey.objects.for_tenant(actor.tenant_id).filter(key_id=key_id, revoked_at=None).update(revoked_at=now):
        audit.record(actor, "key.revoke", "api_key", key_id, before={"revoked_at": None}, after={"revoked_at": now.isoformat()})
    transaction.on_commit(lambda: CACHE.forget(bytes(key.hash)), robust=True)
    key.refresh_from_db(fields=["revoked_at"])
    return key


def list_keys(*, actor: Actor) -> list[ApiKey]:
    """The tenant's keys, newest first."""
    require(actor, Permission.KEY_WRITE)
    return list(ApiKey.objects.for_tenant(actor.tenant_id).order_by("-created_at"))


def make_secret() -> str:
    """256 random bits and a checksum, which tells a mistyped key from an unknown one without the database."""
    body = "holdfast_" + _base62(secrets.randbits(256), 43)
    return body + _base62(zlib.crc32(body.encode()), 6)


def well_formed(secret: str) -> bool:
    """Whether pattern and checksum are right."""
    return PATTERN.fullmatch(secret) is not None and secret[-6:] == _base62(zlib.crc32(secret[:-6].encode()), 6)


def digest_of(secret: str) -> bytes:
    """What is stored."""
    return hashlib.sha256(secret.encode()).digest()


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))


def _find(digest: bytes, now: datetime) -> KnownKey | None:
    """Before a tenant is known, thus by a function of the system role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select tenant_id, key_id, identity, role, expires_at, revoked_at, last_used_at, suspended from find_api_key_1(%s)", [digest]
        )
        row = cursor.fetchone()
    return None if row is None else KnownKey(now, *row)


def _note_use(known: KnownKey, now: datetime) -> None:
    """At most once a minute and key, over all processes."""
    due = now - USED_EVERY
    if known.last_used_at is not None and known.last_used_at > due:
        return
    with acting_for(known.tenant_id):
        unused = Q(last_used_at=None) | Q(last_used_at__lte=due)
        ApiKey.objects.for_tenant(known.tenant_id).filter(unused, key_id=known.key_id).update(last_used_at=now)
