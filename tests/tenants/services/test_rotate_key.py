"""A key is rotated: two are good for a while, then one."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tenants.actors import Role, system_actor
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from tenants.models import ApiKey, AuditEvent, Tenant
from tenants.services.api_keys import authenticate, create_key, revoke_key, rotate_key
from tests.builders import actor_of, make_person, now
from tests.statements import statements

HOUR = timedelta(hours=1)


def stored(tenant: Tenant, key: ApiKey) -> ApiKey:
    return ApiKey.objects.for_tenant(tenant.tenant_id).get(key_id=key.key_id)


def test_both_keys_are_good_until_the_overlap_ends(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, first = create_key(actor=admin, name="import", role=Role.OPERATOR, now=at)
    new, second = rotate_key(actor=admin, key_id=old.key_id, overlap=HOUR, now=at)
    assert (new.identity, new.name, new.role, new.expires_at) == (old.identity, "import", "operator", at + timedelta(days=90))
    assert {authenticate(secret, now=at).identity for secret in (first, second)} == {f"key:{old.identity}"}
    authenticate(second, now=at + HOUR)
    with pytest.raises(NotAuthenticated):
        authenticate(first, now=at + HOUR)


def test_without_overlap_the_old_key_stops_at_once_in_this_process(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, first = create_key(actor=admin, name="leaked", role=Role.VIEWER, now=at)
    authenticate(first, now=at)
    rotate_key(actor=admin, key_id=old.key_id, overlap=timedelta(0), now=at)
    with pytest.raises(NotAuthenticated):
        authenticate(first, now=at)


def test_an_overlap_prolongs_nothing(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, _ = create_key(actor=admin, name="short", role=Role.VIEWER, expires_at=at + HOUR, now=at)
    rotate_key(actor=admin, key_id=old.key_id, overlap=2 * HOUR, now=at)
    assert stored(tenant, old).expires_at == at + HOUR


def test_both_ends_of_a_rotation_are_audited_without_secrets(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, _ = create_key(actor=admin, name="k", role=Role.VIEWER, now=at)
    new, secret = rotate_key(actor=admin, key_id=old.key_id, overlap=HOUR, now=at)
    rotated = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="key.rotate", target_id=str(old.key_id))
    assert rotated.after == {"expires_at": (at + HOUR).isoformat(), "successor": str(new.key_id)}
    made = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="key.create", target_id=str(new.key_id))
    assert made.after is not None and made.after["identity"] == str(old.identity)
    assert secret[20:-6] not in repr([rotated.after, made.after])


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_rotated(tenant: Tenant, end: str) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, _ = create_key(actor=admin, name="k", role=Role.VIEWER, expires_at=at + HOUR, now=at)
    if end == "revoked":
        revoke_key(actor=admin, key_id=old.key_id, now=at)
    with pytest.raises(Conflict, match="has ended"):
        rotate_key(actor=admin, key_id=old.key_id, overlap=HOUR, now=at if end == "revoked" else at + HOUR)
    assert ApiKey.objects.for_tenant(tenant.tenant_id).count() == 1


def test_a_refused_lifetime_changes_nothing(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    old, _ = create_key(actor=admin, name="k", role=Role.VIEWER, now=at)
    with pytest.raises(Invalid, match="future"):
        rotate_key(actor=admin, key_id=old.key_id, overlap=HOUR, expires_at=at, now=at)
    assert stored(tenant, old).expires_at == at + timedelta(days=90)


def test_an_admin_rotates_no_owners_key(tenant: Tenant) -> None:
    owner = make_person(tenant, Role.OWNER).actor
    assert owner.key_id is not None
    with pytest.raises(NotAllowed, match="'owner'"):
        rotate_key(actor=actor_of(tenant, Role.ADMIN), key_id=owner.key_id, overlap=HOUR, now=now())


def test_a_key_of_another_tenant_does_not_exist(tenant: Tenant) -> None:
    key = make_person(tenant).actor.key_id
    assert key is not None
    stranger = uuid4()
    with acting_for(stranger), pytest.raises(NotFound, match=f"API key {key} not found"):
        rotate_key(actor=system_actor(stranger, "tests"), key_id=key, overlap=HOUR, now=now())


def test_what_keys_cost(tenant: Tenant) -> None:
    admin, at = actor_of(tenant, Role.ADMIN), now()
    with statements() as making:
        key, _ = create_key(actor=admin, name="k", role=Role.VIEWER, now=at)
    with statements() as second:
        create_key(actor=admin, name="k", role=Role.VIEWER, now=at, identity=key.identity)
    with statements() as rotating:  # lock, insert, audit, update, audit
        rotate_key(actor=admin, key_id=key.key_id, overlap=HOUR, now=at)
    with statements() as revoking:
        revoke_key(actor=admin, key_id=key.key_id, now=at)
    assert [len(each) for each in (making, second, rotating, revoking)] == [2, 3, 5, 3]
