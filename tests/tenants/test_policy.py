"""Who may do what."""

from uuid import uuid4

import pytest

from tenants.actors import Actor, Role
from tenants.exceptions import NotAllowed
from tenants.policy import GRANTS, Permission, may, require, require_grantable, require_own


def actor(role: Role, identity: str = "key:me") -> Actor:
    return Actor(uuid4(), identity, role)


def test_every_role_has_grants_and_every_permission_somebody() -> None:
    assert set(GRANTS) == set(Role)
    assert frozenset[Permission]().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER, Role.DEVELOPER, Role.ADMIN, Role.OWNER])
def test_every_role_can_read_what_a_viewer_reads(role: Role) -> None:
    assert GRANTS[Role.VIEWER] <= GRANTS[role]


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (Permission.RUN_RESUME, {Role.OPERATOR, Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.REVIEW_DECIDE, {Role.REVIEWER, Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.STATE_UPDATE, {Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.STORE_READ, set(Role)),
        (Permission.STORE_WRITE, {Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.THREAD_UPDATE, {Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.KEY_WRITE_OWN, {Role.DEVELOPER, Role.ADMIN, Role.OWNER}),
        (Permission.KEY_WRITE, {Role.ADMIN, Role.OWNER}),
        (Permission.TENANT_WRITE, {Role.OWNER}),
    ],
)
def test_a_permission_belongs_to_these_roles(permission: Permission, roles: set[Role]) -> None:
    assert {role for role in Role if may(actor(role), permission)} == roles


def test_a_refusal_names_role_and_permission() -> None:
    with pytest.raises(NotAllowed, match=r"'viewer' does not allow run\.create") as refused:
        require(actor(Role.VIEWER), Permission.RUN_CREATE)
    assert refused.value.action == "run.create"


def test_an_operator_changes_own_threads_only() -> None:
    mine, permissions = actor(Role.OPERATOR), (Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)
    require_own(mine, "key:me", *permissions)
    with pytest.raises(NotAllowed):
        require_own(mine, "key:somebody", *permissions)


def test_a_developer_changes_threads_of_others() -> None:
    require_own(actor(Role.DEVELOPER), "key:somebody", Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)


def test_a_viewer_changes_not_even_own_threads() -> None:
    with pytest.raises(NotAllowed):
        require_own(actor(Role.VIEWER), "key:me", Permission.THREAD_UPDATE_OWN, Permission.THREAD_UPDATE)


def test_nobody_gives_a_role_above_the_own() -> None:
    require_grantable(actor(Role.ADMIN), Role.ADMIN)
    with pytest.raises(NotAllowed, match="'owner'"):
        require_grantable(actor(Role.ADMIN), Role.OWNER)
