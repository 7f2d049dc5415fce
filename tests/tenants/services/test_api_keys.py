"""API keys: made, recognised, revoked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from tenants.actors import Actor, Role, system_actor
from tenants.database.context import acting_for
from tenants.exceptions import Invalid, NotAllowed, NotAuthenticated, NotFound
from tenants.models import ApiKey, AuditEvent, Tenant
from tenants.services import api_keys
from tenants.services.api_keys import authenticate, create_key, list_keys, make_secret, revoke_key, well_formed
from tests.builders import actor_of, now

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def issuer(tenant: Tenant) -> Actor:
    return system_actor(tenant.tenant_id, "tests")


def made(tenant: Tenant, at: datetime, role: Role = Role.DEVELOPER) -> tuple[ApiKey, str]:
    return create_key(actor=issuer(tenant), name="of a test", role=role, now=at)


@pytest.fixture
def nobody() -> Iterator[None]:
    """As at the edge: no tenant is known yet."""
    with acting_for(None):
        yield


def test_a_key_names_tenant_identity_and_role(tenant: Tenant) -> None:
    key, secret = made(tenant, now())
    with acting_for(None):
        actor = authenticate(secret, now=now())
    assert (actor.tenant_id, actor.identity, actor.role, actor.key_id) == (tenant.tenant_id, f"key:{key.identity}", "developer", key.key_id)


def test_the_secret_is_stored_nowhere(tenant: Tenant) -> None:
    key, secret = made(tenant, now())
    row = ApiKey.objects.for_tenant(tenant.tenant_id).filter(key_id=key.key_id).values().get()
    audited = AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="key.create").values().get()
    middle = secret[20:-6]
    assert middle not in repr(row) + repr(audited) + repr(key)
    assert secret.startswith(key.prefix)
    assert len(key.prefix) == len("holdfast_") + 8


def test_a_key_lives_90_days_unless_told_otherwise(tenant: Tenant) -> None:
    at = now()
    key, secret = made(tenant, at)
    assert key.expires_at == at + timedelta(days=90)
    with pytest.raises(NotAuthenticated, match=r"^Invalid API key\.$"):
        authenticate(secret, now=at + timedelta(days=90))


def test_a_cached_key_expires_on_time(tenant: Tenant) -> None:
    at = now()
    _, secret = create_key(actor=issuer(tenant), name="short", role=Role.VIEWER, expires_at=at + SECOND / 2, now=at)
    authenticate(secret, now=at)
    with pytest.raises(NotAuthenticated):
        authenticate(secret, now=at + SECOND / 2)


def test_a_revoked_key_stops_within_a_second_in_other_processes(tenant: Tenant) -> None:
    at = now()
    key, secret = made(tenant, at)
    authenticate(secret, now=at)
    ApiKey.objects.for_tenant(tenant.tenant_id).filter(key_id=key.key_id).update(revoked_at=at)
    authenticate(secret, now=at + SECOND * 0.9)
    with pytest.raises(NotAuthenticated, match=r"^Invalid API key\.$"):
        authenticate(secret, now=at + SECOND)


def test_a_revoked_key_stops_at_once_in_the_same_process(tenant: Tenant) -> None:
    at = now()
    key, secret = made(tenant, at)
    authenticate(secret, now=at)
    revoke_key(actor=issuer(tenant), key_id=key.key_id, now=at)
    with pytest.raises(NotAuthenticated):
        authenticate(secret, now=at)


def test_revoking_twice_keeps_the_first_time_and_audits_once(tenant: Tenant) -> None:
    at = now()
    key, _ = made(tenant, at)
    revoke_key(actor=issuer(tenant), key_id=key.key_id, now=at)
    again = revoke_key(actor=issuer(tenant), key_id=key.key_id, now=at + MINUTE)
    assert again.revoked_at == at
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="key.revoke").count() == 1


def test_a_key_of_another_tenant_cannot_be_revoked(tenant: Tenant) -> None:
    key, _ = made(tenant, now())
    stranger = uuid4()
    with acting_for(stranger), pytest.raises(NotFound):
        revoke_key(actor=system_actor(stranger, "tests"), key_id=key.key_id, now=now())


def test_a_suspended_tenants_keys_are_refused(tenant: Tenant) -> None:
    at = now()
    _, secret = made(tenant, at)
    Tenant.objects.filter(tenant_id=tenant.tenant_id).update(suspended_at=at)
    with pytest.raises(NotAuthenticated):
        authenticate(secret, now=at)


def test_an_unknown_key_is_refused(tenant: Tenant, nobody: None) -> None:
    with pytest.raises(NotAuthenticated, match=r"^Invalid API key\.$"):
        authenticate(make_secret(), now=now())


@pytest.mark.parametrize(
    "change", [lambda key: key[:-1], lambda key: key + "a", str.upper, lambda key: key[:-1] + "-", lambda key: "é" + key]
)
def test_a_malformed_key_costs_no_statement(tenant: Tenant, change: object, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert callable(change)
    with django_assert_num_queries(0), pytest.raises(NotAuthenticated):
        authenticate(change(make_secret()), now=now())


def test_a_typing_error_breaks_the_checksum() -> None:
    secret = make_secret()
    assert well_formed(secret)
    wrong = "b" if secret[20] == "a" else "a"
    assert not well_formed(secret[:20] + wrong + secret[21:])


def test_a_burst_costs_one_look_up(tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    at = now()
    _, secret = made(tenant, at)
    with django_assert_num_queries(2):  # the look-up, and the first use
        authenticate(secret, now=at)
    with django_assert_num_queries(0):
        authenticate(secret, now=at + SECOND * 0.9)
    with django_assert_num_queries(1):
        authenticate(secret, now=at + SECOND)


def test_last_use_is_written_once_a_minute(tenant: Tenant) -> None:
    at = now()
    key, secret = made(tenant, at)
    seen = []
    for moment in (at, at + MINUTE - SECOND, at + MINUTE):
        authenticate(secret, now=moment)
        key.refresh_from_db()
        seen.append(key.last_used_at)
    assert seen == [at, at, at + MINUTE]


def test_the_cache_is_bounded(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "CACHE", api_keys.KeyCache(2))
    at = now()
    secrets = [made(tenant, at)[1] for _ in range(3)]
    for secret in secrets:
        authenticate(secret, now=at)
    known = [api_keys.CACHE.get(api_keys.digest_of(secret), at) is not None for secret in secrets]
    assert known == [False, True, True]


def test_an_admin_makes_keys_and_an_operator_does_not(tenant: Tenant) -> None:
    create_key(actor=actor_of(tenant, Role.ADMIN), name="k", role=Role.ADMIN, now=now())
    with pytest.raises(NotAllowed, match=r"key\.write"):
        create_key(actor=actor_of(tenant, Role.OPERATOR), name="k", role=Role.VIEWER, now=now())


def test_an_admin_makes_no_owners_key(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed, match="'owner'"):
        create_key(actor=actor_of(tenant, Role.ADMIN), name="k", role=Role.OWNER, now=now())


def test_an_admin_revokes_no_owners_key(tenant: Tenant) -> None:
    key, _ = made(tenant, now(), Role.OWNER)
    with pytest.raises(NotAllowed):
        revoke_key(actor=actor_of(tenant, Role.ADMIN), key_id=key.key_id, now=now())


def test_a_second_key_acts_as_the_same_identity(tenant: Tenant) -> None:
    old, _ = made(tenant, now())
    _, secret = create_key(actor=issuer(tenant), name="new", role=Role.DEVELOPER, now=now(), identity=old.identity)
    assert authenticate(secret, now=now()).identity == f"key:{old.identity}"


def test_an_unknown_identity_gets_no_key(tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        create_key(actor=issuer(tenant), name="new", role=Role.VIEWER, now=now(), identity=uuid4())


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_an_odd_name_is_refused(tenant: Tenant, name: str) -> None:
    with pytest.raises(Invalid):
        create_key(actor=issuer(tenant), name=name, role=Role.VIEWER, now=now())


def test_a_key_beyond_all_times_is_refused(tenant: Tenant) -> None:
    with pytest.raises(Invalid, match="36500 days"):
        create_key(actor=issuer(tenant), name="k", role=Role.VIEWER, expires_at=datetime.max.replace(tzinfo=UTC), now=now())


def test_a_key_that_has_expired_already_is_refused(tenant: Tenant) -> None:
    at = now()
    with pytest.raises(Invalid, match="future"):
        create_key(actor=issuer(tenant), name="k", role=Role.VIEWER, expires_at=at, now=at)


def test_keys_are_listed_newest_first(tenant: Tenant) -> None:
    keys = [made(tenant, now())[0].key_id for _ in range(2)]
    assert [key.key_id for key in list_keys(actor=issuer(tenant))] == keys[::-1]
