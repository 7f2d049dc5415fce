"""Makes database, roles, schema and grants as the administrator; every step is repeatable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tenants.database.checks import old_server

NAMES = ("owner", "app", "worker", "system")
SCHEMA = "holdfast"
EXAMPLE = "postgresql://holdfast_{}:password@host:5432/holdfast"
LOCK = 7_406_521_190_346  # of `bootstrap_database` everywhere: roles are shared by all databases of a cluster
ROLE_GRANTS = """
grant {app} to {worker} with inherit true, set false;
grant {system} to {owner} with inherit false, set true;
grant {owner} to current_user with inherit true, set true;
alter role {app} set transaction_timeout = '10s';
alter role {worker} set transaction_timeout = '5s';
alter role {system} set transaction_timeout = '5s';
alter role {app} set tcp_user_timeout = '10s';
alter role {worker} set tcp_user_timeout = '5s';
alter role {system} set tcp_user_timeout = '5s';
"""
SCHEMA_GRANTS = """
create schema if not exists {schema} authorization {owner};
grant usage on schema {schema} to {app}, {system};
grant create on schema {schema} to {system};
alter default privileges for role {owner} in schema {schema} grant select, insert, update, delete on tables to {app}, {system};
alter default privileges for role {owner} in schema {schema} grant usage on sequences to {app}, {system};
"""
Tell = Callable[[str], None]


class BootstrapError(Exception):
    """Why nothing can be made; for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Login:
    """A role and its password."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to exist afterwards."""

    admin_url: str
    database: str
    logins: dict[str, Login]
    vector: bool = True

    def identifiers(self) -> dict[str, sql.Identifier]:
        """The roles by their short names, for the statements above."""
        return {name: sql.Identifier(login.user) for name, login in self.logins.items()} | {"schema": sql.Identifier(SCHEMA)}


def plan(admin_url: str, urls: dict[str, str]) -> Plan:
    """Read the URLs. Raises BootstrapError where one is missing or they contradict each other."""
    if not admin_url:
        raise BootstrapError("DATABASE_URL is not set: it is the administrator's URL, postgresql://user:password@host:port/postgres")
    logins, databases = {}, set()
    for name in NAMES:
        setting = f"HOLDFAST_DB_{name.upper()}"
        if not urls.get(name):
            raise BootstrapError(f"{setting} is not set: it is the URL of a role to make, {EXAMPLE.format(name)}")
        parts = urlsplit(urls[name])
        user, database = unquote(parts.username or ""), unquote(parts.path.lstrip("/"))
        if not user.endswith(f"_{name}") or user == f"_{name}" or not database:
            raise BootstrapError(f"{setting} must name a database and a user that ends with '_{name}', as in {EXAMPLE.format(name)}")
        logins[name] = Login(user, unquote(parts.password or ""))
        databases.add(database)
    if len({login.user.removesuffix(f"_{name}") for name, login in logins.items()}) > 1:
        raise BootstrapError(f"The users of HOLDFAST_DB_* must share one prefix: {', '.join(login.user for login in logins.values())}")
    if len(databases) > 1:
        raise BootstrapError(f"HOLDFAST_DB_* must name one database, not {', '.join(sorted(databases))}")
    return Plan(admin_url, databases.pop(), logins)


def bootstrap(wanted: Plan, tell: Tell) -> Plan:
    """Make what is missing, correct the rest; safe to repeat and to run in parallel. `vector` of the answer: pgvector is there."""
    with _maintenance(wanted) as connection, explained(f"as the administrator '{connection.info.user}'"):
        old = old_server(connection.info.server_version, connection.info.parameter_status("server_version") or "")
        if old:
            raise BootstrapError(old)
        if connection.info.user in {login.user for login in wanted.logins.values()}:
            raise BootstrapError(
                f"DATABASE_URL is the URL of '{connection.info.user}': it must be that of an administrator who may create roles"
            )
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        for login in wanted.logins.values():
            _make_role(connection, login, tell)
        connection.execute(sql.SQL(ROLE_GRANTS).format(**wanted.identifiers()))
        if not connection.execute("select 1 from pg_database where datname = %s", [wanted.database]).fetchone():
            connection.execute(sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(wanted.database)))
            tell(f"created database {wanted.database}")
        with psycopg.connect(wanted.admin_url, dbname=wanted.database, autocommit=True) as inside:
            inside.execute("set client_min_messages = warning")
            return _make_schema(inside, wanted, tell)


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn what PostgreSQL refuses into one line."""
    try:
        yield
    except psycopg.Error as error:
        raise BootstrapError(f"PostgreSQL refused {where}: {str(error).strip()}") from error


@contextmanager
def _maintenance(wanted: Plan) -> Iterator[psycopg.Connection]:
    """A connection to a database that exists already; `postgres` if possible, since an advisory lock holds in one database only."""
    with explained("the connection of DATABASE_URL"):
        try:
            connection = psycopg.connect(wanted.admin_url, dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            connection = psycopg.connect(wanted.admin_url, autocommit=True)
    with connection:
        yield connection


def _make_role(connection: psycopg.Connection, login: Login, tell: Tell) -> None:
    """The password travels as its SCRAM verifier, so that no server log has it."""
    role = sql.Identifier(login.user)
    known = connection.execute(
        "select rolsuper or rolbypassrls or rolcreaterole or rolreplication from pg_roles where rolname = %s", [login.user]
    ).fetchone()
    if known is None:
        connection.execute(sql.SQL("create role {} login nosuperuser nobypassrls").format(role))
        tell(f"created role {login.user}")
    elif known[0]:
        raise BootstrapError(f"The role '{login.user}' is a superuser or has BYPASSRLS, CREATEROLE or REPLICATION: take that away first")
    if login.password:
        verifier = connection.pgconn.encrypt_password(login.password.encode(), login.user.encode(), b"scram-sha-256")
        connection.execute(sql.SQL("alter role {} login password {}").format(role, sql.Literal(verifier.decode())))


def _make_schema(inside: psycopg.Connection, wanted: Plan, tell: Tell) -> Plan:
    inside.execute(sql.SQL(SCHEMA_GRANTS).format(**wanted.identifiers()))
    path = [SCHEMA]
    vector = _make_vector(inside, tell)
    if vector and vector != SCHEMA:
        path.append(vector)
    names = sql.SQL(", ").join(sql.Identifier(name) for name in path)
    inside.execute(sql.SQL("alter database {} set search_path = {}").format(sql.Identifier(wanted.database), names))
    for login in wanted.logins.values():  # a clone of the database has the roles, but not the settings of its template
        inside.execute(sql.SQL("alter role {} set search_path = {}").format(sql.Identifier(login.user), names))
    return replace(wanted, vector=bool(vector))


def _make_vector(inside: psycopg.Connection, tell: Tell) -> str | None:
    """The schema pgvector lies in; None where the server does not have it or the administrator may not create it."""
    try:
        inside.execute(sql.SQL("create extension if not exists vector schema {}").format(sql.Identifier(SCHEMA)))
    except psycopg.Error as error:
        tell(f"warning: no pgvector, so semantic search stays off ({str(error).splitlines()[0]})")
    found = inside.execute("select extnamespace::regnamespace::text from pg_extension where extname = 'vector'").fetchone()
    return None if found is None else str(found[0])
