"""Developers manage the keys that they made; nobody acts as an identity that is not theirs to manage."""

from datetime import timedelta

import pytest

from tenants.actors import Actor, Role
from tenants.exceptions import NotAllowed
from tenants.models import ApiKey, Tenant
from tenants.services.api_keys import create_key, list_keys, revoke_key, rotate_key
from tenants.wire import Page
from tests.builders import actor_of, now


def made(actor: Actor, role: Role = Role.OPERATOR) -> ApiKey:
    return create_key(actor=actor, name="k", role=role, now=now())[0]


def test_a_developer_makes_rotates_and_revokes_own_keys(tenant: Tenant) -> None:
    developer = actor_of(tenant)
    key = made(developer, Role.DEVELOPER)
    successor, _ = rotate_key(actor=developer, key_id=key.key_id, overlap=timedelta(0), now=now())
    second, _ = create_key(actor=developer, name="k", role=Role.VIEWER, now=now(), identity=key.identity)
    assert revoke_key(actor=developer, key_id=successor.key_id, now=now()).revoked_at
    assert {row.key_id for row in list_keys(actor=developer)} == {key.key_id, successor.key_id, second.key_id}


def test_a_developer_makes_no_key_above_the_own_role(tenant: Tenant) -> None:
    for role in (Role.ADMIN, Role.OWNER):
        with pytest.raises(NotAllowed, match=role):
            made(actor_of(tenant), role)


def test_a_developer_manages_and_sees_no_key_of_others(tenant: Tenant) -> None:
    developer, keys = actor_of(tenant), [made(actor_of(tenant, Role.ADMIN)), made(actor_of(tenant))]
    for key in keys:
        with pytest.raises(NotAllowed, match=r"key\.write\."):
            revoke_key(actor=developer, key_id=key.key_id, now=now())
        with pytest.raises(NotAllowed, match=r"key\.write\."):
            rotate_key(actor=developer, key_id=key.key_id, overlap=timedelta(0), now=now())
    assert list_keys(actor=developer) == []
    assert len(list_keys(actor=actor_of(tenant, Role.ADMIN))) == 2


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.REVIEWER])
def test_others_have_nothing_to_do_with_keys(tenant: Tenant, role: Role) -> None:
    with pytest.raises(NotAllowed, match=r"key\.write_own"):
        list_keys(actor=actor_of(tenant, role))
    with pytest.raises(NotAllowed, match=r"key\.write_own"):
        made(actor_of(tenant, role), Role.VIEWER)


def test_a_developer_gets_no_key_that_acts_as_somebody_else(tenant: Tenant) -> None:
    key = made(actor_of(tenant, Role.ADMIN))
    with pytest.raises(NotAllowed, match=r"key\.write\."):
        create_key(actor=actor_of(tenant), name="k", role=Role.VIEWER, now=now(), identity=key.identity)


def test_one_key_of_an_identity_is_not_enough_to_act_as_it(tenant: Tenant) -> None:
    developer = actor_of(tenant)
    own = made(developer)
    create_key(actor=actor_of(tenant, Role.ADMIN), name="k", role=Role.VIEWER, now=now(), identity=own.identity)
    with pytest.raises(NotAllowed, match=r"key\.write\."):
        create_key(actor=developer, name="k", role=Role.VIEWER, now=now(), identity=own.identity)


def test_an_admin_gets_no_key_that_acts_as_an_owner_even_of_a_lower_role(tenant: Tenant) -> None:
    owner, admin = actor_of(tenant, Role.OWNER), actor_of(tenant, Role.ADMIN)
    key = made(owner, Role.OWNER)
    revoke_key(actor=owner, key_id=key.key_id, now=now())
    with pytest.raises(NotAllowed, match="'owner'"):
        create_key(actor=admin, name="k", role=Role.VIEWER, now=now(), identity=key.identity)
    create_key(actor=owner, name="k", role=Role.VIEWER, now=now(), identity=key.identity)


def test_keys_are_listed_newest_first_in_pages(tenant: Tenant) -> None:
    admin = actor_of(tenant, Role.ADMIN)
    keys = [made(admin).key_id for _ in range(3)][::-1]
    assert [key.key_id for key in list_keys(actor=admin, page=Page(limit=1))] == keys[:2]  # one more, which says so
    assert [key.key_id for key in list_keys(actor=admin, page=Page(limit=2, offset=2))] == keys[2:]
