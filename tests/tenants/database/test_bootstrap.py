"""Database, roles and grants made by the administrator."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg import sql
from pytest_django import Settings

from tenants.database.bootstrap import NAMES, BootstrapError, Plan, bootstrap, plan
from tests import stack


@dataclass(frozen=True, slots=True)
class Site:
    """Names nobody else uses, and an administrator who is no superuser."""

    name: str

    @property
    def admin(self) -> str:
        address = stack.admin_url().rpartition("@")[2]
        return f"postgresql://{self.name}_chief:in-tests-only@{address}"

    def url(self, role: str) -> str:
        address = stack.admin_url().rpartition("@")[2].partition("/")[0]
        return f"postgresql://{self.name}_{role}:pass%20word%27@{address}/{self.name}"

    def plan(self) -> Plan:
        return plan(self.admin, {name: self.url(name) for name in NAMES})


@pytest.fixture
def site() -> Iterator[Site]:
    """Cleaned up afterwards."""
    made = Site(f"site{uuid4().hex[:8]}")
    chief = sql.Identifier(f"{made.name}_chief")
    with psycopg.connect(stack.admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login createrole createdb password 'in-tests-only'").format(chief))
        yield made
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(made.name)))
        for role in [sql.Identifier(f"{made.name}_{name}") for name in NAMES] + [chief]:
            admin.execute(sql.SQL("drop role if exists {}").format(role))


def test_an_administrator_without_superuser_is_enough_and_twice_is_once(site: Site) -> None:
    first, second = list[str](), list[str]()
    bootstrap(site.plan(), first.append)
    made = bootstrap(site.plan(), second.append)
    assert [line for line in first if line.startswith("created")] == [
        *(f"created role {site.name}_{name}" for name in NAMES),
        f"created database {site.name}",
    ]
    assert not [line for line in second if line.startswith("created")]
    assert made.vector == (not [line for line in second if line.startswith("warning: no pgvector")])


def test_every_role_can_connect_and_lands_in_the_schema(site: Site) -> None:
    bootstrap(site.plan(), lambda line: None)
    for name in NAMES:
        with psycopg.connect(site.url(name)) as connection:
            query = "select current_schema, rolsuper or rolbypassrls from pg_roles where rolname = current_user"
            row = connection.execute(query).fetchone()
        assert row == ("holdfast", False)


def test_roles_have_their_time_limits(site: Site) -> None:
    bootstrap(site.plan(), lambda line: None)
    found = {}
    for name in NAMES:
        with psycopg.connect(site.url(name)) as connection:
            found[name] = connection.execute("select current_setting('transaction_timeout')").fetchone()
    assert found == {"owner": ("0",), "app": ("10s",), "worker": ("5s",), "system": ("5s",)}


def test_the_app_role_reads_new_tables_and_makes_none(site: Site) -> None:
    bootstrap(site.plan(), lambda line: None)
    with psycopg.connect(site.url("owner"), autocommit=True) as owner:
        owner.execute("create table made (a bigint generated always as identity, b int)")
    for name in ("app", "worker", "system"):
        with psycopg.connect(site.url(name), autocommit=True) as connection:
            connection.execute("insert into made (b) values (1)")
            for refused in ("truncate made", "drop table made"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(refused)
            if name != "system":
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("create table mine (a int)")


def test_owner_becomes_system_only_on_purpose_and_worker_never_app(site: Site) -> None:
    bootstrap(site.plan(), lambda line: None)
    query = "select pg_has_role(%(me)s, %(them)s, 'usage'), pg_has_role(%(me)s, %(them)s, 'set')"
    with psycopg.connect(stack.admin_url()) as admin:

        def rights(me: str, them: str) -> tuple[object, ...] | None:
            return admin.execute(query, {"me": f"{site.name}_{me}", "them": f"{site.name}_{them}"}).fetchone()

        assert rights("owner", "system") == (False, True)
        assert rights("worker", "app") == (True, False)
        assert rights("app", "worker") == rights("app", "owner") == rights("app", "system") == (False, False)


def test_many_at_once_are_safe(site: Site) -> None:
    lines: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: bootstrap(site.plan(), lines.append), range(4)))
    assert lines.count(f"created database {site.name}") == 1


def test_a_dangerous_role_that_exists_is_refused(site: Site) -> None:
    with psycopg.connect(stack.admin_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} superuser").format(sql.Identifier(f"{site.name}_app")))
    with pytest.raises(BootstrapError, match=f"'{site.name}_app' is a superuser"):
        bootstrap(site.plan(), lambda line: None)


def test_an_administrator_without_rights_is_told(site: Site) -> None:
    bootstrap(site.plan(), lambda line: None)
    powerless = Plan(site.url("app"), site.name, {name: plan_login for name, plan_login in site.plan().logins.items() if name != "app"})
    with pytest.raises(BootstrapError, match="PostgreSQL refused as the administrator"):
        bootstrap(powerless, lambda line: None)
    with pytest.raises(BootstrapError, match="must be that of an administrator"):
        bootstrap(Plan(site.url("app"), site.name, site.plan().logins), lambda line: None)


def test_a_server_that_does_not_answer_is_told(site: Site) -> None:
    nowhere = plan("postgresql://u:secret-word@127.0.0.1:1/x", {name: site.url(name) for name in NAMES})
    with pytest.raises(BootstrapError, match="connection of DATABASE_URL") as told:
        bootstrap(nowhere, lambda line: None)
    assert "secret-word" not in str(told.value)


URLS = {name: f"postgresql://h_{name}:p@host/h" for name in NAMES}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"app": ""}, "HOLDFAST_DB_APP is not set"),
        ({"app": "postgresql://h_worker:p@host/h"}, "a user that ends with '_app'"),
        ({"app": "postgresql://_app:p@host/h"}, "a user that ends with '_app'"),
        ({"app": "postgresql://h_app:p@host/"}, "must name a database"),
        ({"app": "postgresql://g_app:p@host/h"}, "share one prefix"),
        ({"app": "postgresql://h_app:p@host/g"}, "one database, not g, h"),
    ],
)
def test_wrong_settings_are_named(change: dict[str, str], told: str) -> None:
    with pytest.raises(BootstrapError, match=told):
        plan("postgresql://admin@host/postgres", URLS | change)


def test_a_missing_administrator_is_named() -> None:
    with pytest.raises(BootstrapError, match="DATABASE_URL is not set"):
        plan("", URLS)


def test_passwords_stay_out_of_representations() -> None:
    assert "secret-word" not in repr(plan("postgresql://a:b@c/d", {n: f"postgresql://h_{n}:secret-word@host/h" for n in NAMES}).logins)


def test_the_command_repeats_and_says_what_is_missing(database: None, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bootstrap_database")
    assert "is ready for holdfast_test_owner" in capsys.readouterr().out
    settings.DATABASE_ADMIN_URL = ""
    with pytest.raises(CommandError, match="DATABASE_URL is not set"):
        call_command("bootstrap_database")
