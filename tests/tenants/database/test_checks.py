"""What a process makes sure of before it serves tenants."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from config.settings import database as settings_of
from tenants.database.checks import old_server, refuse_dangerous_role
from tests import stack


@contextmanager
def connected(url: str) -> Iterator[BaseDatabaseWrapper]:
    """A connection of another role."""
    ours = connections["default"]
    wrapper = type(ours)(ours.settings_dict | settings_of(url), "other")
    try:
        yield wrapper
    finally:
        wrapper.close()


@pytest.mark.parametrize("role", ["app", "worker", "system"])
def test_the_roles_of_web_worker_and_sweeps_pass(database: None, role: str) -> None:
    with connected(stack.role_url(role, stack.own_database())) as wrapper:
        refuse_dangerous_role(wrapper)


def test_a_superuser_is_refused(database: None) -> None:
    with connected(stack.admin_url(stack.own_database())) as wrapper, pytest.raises(ImproperlyConfigured, match="superuser"):
        refuse_dangerous_role(wrapper)


def test_a_member_of_a_role_that_bypasses_is_refused(database: None) -> None:
    name = f"site{uuid4().hex[:8]}"
    bypassing, member = sql.Identifier(f"{name}_bypassing"), sql.Identifier(f"{name}_member")
    with psycopg.connect(stack.admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} bypassrls").format(bypassing))
        admin.execute(sql.SQL("create role {} login password 'p' in role {}").format(member, bypassing))
        try:
            url = stack.role_url("app", stack.own_database()).replace("holdfast_test_app:in-tests-only", f"{name}_member:p")
            with connected(url) as wrapper, pytest.raises(ImproperlyConfigured, match="BYPASSRLS"):
                refuse_dangerous_role(wrapper)
        finally:
            admin.execute(sql.SQL("drop role {}, {}").format(member, bypassing))


def test_an_owner_of_tables_is_refused(database: None) -> None:
    with pytest.raises(ImproperlyConfigured, match="acts for the owner of the table"):
        refuse_dangerous_role(connections["owner"])


def test_an_old_server_is_refused_with_what_to_do() -> None:
    assert old_server(170000, "17.0") is None
    text = old_server(160010, "16.10")
    assert text
    assert "16.10 is too old" in text
    assert "Upgrade" in text
