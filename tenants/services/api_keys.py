"""API keys: made, recognised, rotated, revoked."""

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
from tenants.exceptions import Conflict, Invalid, NotAuthenticated, NotFound
from tenants.models import ApiKey
from tenants.policy import Permission, may, require, require_grantable, require_own
from tenants.services import audit
from tenants.wire import LONGEST_DAYS, Page

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

    With `identity` the new key acts as an existing service identity: only one whose every key, ended ones too, the actor may manage. Else
    making a key would be a way to somebody else's threads, and to a role above one's own.
    """
    require_own(actor, actor.identity, Permission.KEY_WRITE_OWN, Permission.KEY_WRITE)
    require_grantable(actor, role)
    if identity is not None:
        _require_identity(actor, identity)
    if not name.strip() or len(name) > NAME_LIMIT or "\0" in name:
        raise Invalid(f"A key's name has 1 to {NAME_LIMIT} characters")
    with transaction.atomic():
        return _insert(actor, ApiKey(identity=identity or uuid.uuid4(), name=name.strip(), role=role), _end(expires_at, now))


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
def rotate_key(
    *, actor: Actor, key_id: uuid.UUID, overlap: timedelta, expires_at: datetime | None = None, now: datetime
) -> tuple[ApiKey, str]:
    """Make a second key of the same identity, name and role, and let this one expire after the overlap. Holds the old key's row.

    Raises Conflict for a key that has ended: nobody uses it, so there is nothing to overlap.
    """
    old = _key_for(actor, key_id)
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise Conflict(f"API key {key_id} has ended. Make a new one, with identity {old.identity} if it is to act as the same.")
    key, secret = _insert(actor, ApiKey(identity=old.identity, name=old.name, role=old.role), _end(expires_at, now))
    until = min(now + overlap, old.expires_at or now + overlap)
    ApiKey.objects.for_tenant(actor.tenant_id).filter(key_id=key_id).update(expires_at=until)
    audit.record(
        actor,
        "key.rotate",
        "api_key",
        key_id,
        before={"expires_at": old.expires_at and old.expires_at.isoformat()},
        after={"expires_at": until.isoformat(), "successor": str(key.key_id)},
    )
    transaction.on_commit(lambda: CACHE.forget(bytes(old.hash)), robust=True)
    return key, secret


@transaction.atomic
def revoke_key(*, actor: Actor, key_id: uuid.UUID, now: datetime) -> ApiKey:
    """End a key for good; a second call changes nothing. Other processes refuse it within a second."""
    key = _key_for(actor, key_id)
    if key.revoked_at is None:
        ApiKey.objects.for_tenant(actor.tenant_id).filter(key_id=key_id).update(revoked_at=now)
        audit.record(actor, "key.revoke", "api_key", key_id, before={"revoked_at": None}, after={"revoked_at": now.isoformat()})
        key.revoked_at = now
    transaction.on_commit(lambda: CACHE.forget(bytes(key.hash)), robust=True)
    return key


def list_keys(*, actor: Actor, page: Page | None = None) -> list[ApiKey]:
    """The tenant's keys, newest first; for those who manage only their own, those that they made. One more than the page has room for."""
    keys = ApiKey.objects.for_tenant(actor.tenant_id).order_by("-created_at", "-key_id").defer("hash")
    if not may(actor, Permission.KEY_WRITE):
        require(actor, Permission.KEY_WRITE_OWN)
        keys = keys.filter(created_by=actor.identity)
    return list(keys if page is None else keys[page.offset : page.offset + page.limit + 1])


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


def _key_for(actor: Actor, key_id: uuid.UUID) -> ApiKey:
    """A key that the actor may manage, its row locked: anybody's with `key.write`, else those they made; no role above theirs."""
    key = ApiKey.objects.for_tenant(actor.tenant_id).select_for_update(no_key=True).filter(key_id=key_id).first()
    if key is None:
        raise NotFound(f"API key {key_id} not found")
    require_own(actor, key.created_by, Permission.KEY_WRITE_OWN, Permission.KEY_WRITE)
    require_grantable(actor, Role(key.role))
    return key


def _require_identity(actor: Actor, identity: uuid.UUID) -> None:
    """Raise NotFound for an identity without keys here, NotAllowed if one of its keys is not the actor's to manage."""
    keys = set(ApiKey.objects.for_tenant(actor.tenant_id).filter(identity=identity).values_list("created_by", "role"))
    if not keys:
        raise NotFound(f"Service identity {identity} not found")
    for creator, role in keys:
        require_own(actor, creator, Permission.KEY_WRITE_OWN, Permission.KEY_WRITE)
        require_grantable(actor, Role(role))


def _end(expires_at: datetime | None, now: datetime) -> datetime:
    """When a key ends. Raises Invalid for the past, and beyond what the database can tell again."""
    until = now + LIFETIME if expires_at is None else expires_at
    if until <= now:
        raise Invalid("A key has to expire in the future")
    if until - now > timedelta(days=LONGEST_DAYS):
        raise Invalid(f"A key expires within {LONGEST_DAYS} days")
    return until


def _insert(actor: Actor, key: ApiKey, until: datetime) -> tuple[ApiKey, str]:
    """Give it a secret and write it, with its audit row."""
    secret = make_secret()
    key.tenant_id, key.created_by, key.expires_at = actor.tenant_id, actor.identity, until
    key.prefix, key.last_four, key.hash = secret[: len("holdfast_") + 8], secret[-4:], digest_of(secret)
    key.save(force_insert=True)
    after = {"role": str(key.role), "name": key.name, "expires_at": until.isoformat(), "identity": str(key.identity)}
    audit.record(actor, "key.create", "api_key", key.key_id, after=after)
    return key, secret


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
