"""The walls as PostgreSQL's catalogue knows them: a new table that forgets one fails here."""

from collections import defaultdict
from collections.abc import Iterator
from typing import cast

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.database.roles import prefix

# Rows of nobody in particular.
GLOBAL = {
    "user_account",
    "graph",
    "django_migrations",
    "django_content_type",
    "checkpoint_migrations",
    "store_migrations",
    "vector_migrations",
}
# LangGraph's: keyed `<tenant>:<thread>`, tenant_id generated from that.
CHECKPOINTS = {"checkpoints", "checkpoint_blobs", "checkpoint_writes"}
# And `<tenant>.<namespace>`: no index of theirs needs the tenant, since every statement reads a range of prefixes.
STORE = {"store", "store_vectors"}
LANGGRAPH = CHECKPOINTS | STORE
GLOBAL_KEYS = {("tenant", ("slug",)), ("api_key", ("hash",))}  # unique over all tenants on purpose
GLOBAL_REFERENCES = {("member", ("user_id",)), ("store_vectors", ("prefix", "key"))}  # the prefix begins with the tenant
HIDDEN = {"checkpoint_migrations", "store_migrations", "vector_migrations"}  # from all but the owner and system
INSERT_ONLY = {"audit_event", "assistant_version", "graph"}
FUNCTIONS = {
    "find_api_key_1": "app", "memberships_of_1": "app", "poll_runs_1": "app", "poll_streams_1": "app", "metrics_1": "app",
    "claim_1": "worker", "heartbeat_1": "worker", "write_1": "worker", "write_2": "worker", "settle_1": "worker", "settle_2": "worker",
    "hand_back_1": "worker",
}  # fmt: skip
TABLES = """
select c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner),
       (select a.attgenerated::text from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not attisdropped)
  from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p', 'f', 'm')
"""
POLICIES = """
select tablename, policyname, permissive, roles::text[], cmd, qual, with_check from pg_policies where schemaname = 'holdfast' order by 1, 2
"""
COLUMNS = """
(select array_agg(a.attname::text order by n.ordinal) from unnest({numbers}) with ordinality n(number, ordinal)
   join pg_attribute a on a.attrelid = {table} and a.attnum = n.number)
"""
INDEXES = f"""
select t.relname, i.relname, x.indisunique, {COLUMNS.format(numbers="x.indkey::int2[]", table="t.oid")}
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
 where t.relnamespace = 'holdfast'::regnamespace
"""
REFERENCES = f"""
select t.relname, {COLUMNS.format(numbers="f.conkey", table="f.conrelid")}, {COLUMNS.format(numbers="f.confkey", table="f.confrelid")},
       f.convalidated
  from pg_constraint f join pg_class t on t.oid = f.conrelid where f.contype = 'f' and f.connamespace = 'holdfast'::regnamespace
"""
CODE = """
select p.proname, pg_get_userbyid(p.proowner), p.prosecdef, p.proconfig,
       (select array_agg(coalesce(nullif(a.grantee, 0)::regrole::text, 'public') order by 1)
          from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner)
  from pg_proc p where p.pronamespace = 'holdfast'::regnamespace
   and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
"""
TEST = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\"))"


def rows(connection: BaseDatabaseWrapper, statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def unwalled(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables without row-level security, forced, with both policies."""
    roles, wrong = prefix(connection), []
    both = [
        ("system_all", "PERMISSIVE", [f"{roles}_system"], "ALL", "true", "true"),
        ("tenant_isolation", "PERMISSIVE", [f"{roles}_owner", f"{roles}_app"], "ALL", TEST, TEST),
    ]
    made: dict[object, list[tuple[object, ...]]] = defaultdict(list)
    for table, *policy in rows(connection, POLICIES):
        policy[2] = sorted(cast("list[str]", policy[2]), reverse=True)
        made[table].append(tuple(policy))
    for table, secured, forced, owner, generated in rows(connection, TABLES):
        if owner != f"{roles}_owner":
            wrong.append(f"{table} belongs to {owner}")
        if table in GLOBAL:
            continue
        if not (secured and forced):
            wrong.append(f"{table} has no forced row-level security")
        if made[table] != both:
            wrong.append(f"{table} has the policies {made[table]}")
        if (table in LANGGRAPH) != (generated == "s"):
            wrong.append(f"{table}.tenant_id is generated: {generated}")
    return wrong


def unscoped(connection: BaseDatabaseWrapper) -> list[str]:
    """Unique keys and references that do not begin with the tenant; indexes on the tenant alone."""
    wrong = []
    for table, index, unique, columns in rows(connection, INDEXES):
        assert isinstance(columns, list)
        if table in LANGGRAPH:
            if misleads(str(table), str(index), columns):
                wrong.append(f"{index} of {table} misleads the planner")
        elif table not in GLOBAL and unique and columns[0] != "tenant_id" and (table, tuple(columns)) not in GLOBAL_KEYS:
            wrong.append(f"{index} of {table} is unique over tenants")
        elif columns == ["tenant_id"] and table != "tenant":
            wrong.append(f"{index} of {table} is on the tenant alone")
    for table, ours, theirs, valid in rows(connection, REFERENCES):
        assert isinstance(ours, list) and isinstance(theirs, list)
        if (ours[0], theirs[0]) != ("tenant_id", "tenant_id") and (table, tuple(ours)) not in GLOBAL_REFERENCES:
            wrong.append(f"{table} {ours} refers to another tenant's row")
        if not valid:
            wrong.append(f"{table} {ours} is not validated")
    return wrong


def misleads(table: str, index: str, columns: list[object]) -> bool:
    """Whether the planner was seen to prefer such an index to the one that finds the few rows."""
    if table in STORE:
        return "tenant_id" in columns
    return (columns[:1] == ["tenant_id"] and columns[:2] != ["tenant_id", "thread_id"]) or index.endswith("_thread_id_idx")


def ungranted(connection: BaseDatabaseWrapper) -> list[str]:
    """Tables on which a role may more or less than it should."""
    roles, wrong = prefix(connection), []
    for table, *_ in rows(connection, TABLES):
        for role in ("app", "worker", "system"):
            granted = {
                str(name)
                for (name,) in rows(
                    connection,
                    "select p from unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) p "
                    f"where has_table_privilege('{roles}_{role}', 'holdfast.{table}', p)",
                )
            }
            expected = {"select", "insert"} | (set() if table in INSERT_ONLY and role != "system" else {"update", "delete"})
            expected = expected if table not in HIDDEN or role == "system" else set()
            if granted != expected:
                wrong.append(f"{role} may {sorted(granted)} on {table}")
    return wrong


@pytest.fixture
def owner(database: None) -> Iterator[BaseDatabaseWrapper]:
    """The owner's connection, in a transaction that is rolled back."""
    with transaction.atomic(using="owner"):
        yield connections["owner"]
        transaction.set_rollback(True, using="owner")


def make(owner: BaseDatabaseWrapper, statement: str) -> None:
    with owner.cursor() as cursor:
        cursor.execute(statement)


def test_every_table_is_walled(owner: BaseDatabaseWrapper) -> None:
    assert unwalled(owner) == []


def test_every_key_and_reference_begins_with_the_tenant(owner: BaseDatabaseWrapper) -> None:
    assert unscoped(owner) == []


def test_every_role_may_exactly_what_it_needs(owner: BaseDatabaseWrapper) -> None:
    assert ungranted(owner) == []


def test_functions_belong_to_system_with_a_fixed_path_and_one_caller(owner: BaseDatabaseWrapper) -> None:
    roles, found = prefix(owner), {}
    for name, owned_by, definer, config, callers in rows(owner, CODE):
        assert isinstance(config, list)
        assert (owned_by, definer, "search_path=holdfast, pg_temp" in config) == (f"{roles}_system", True, True), name
        found[name] = callers
    assert found == {name: [f"{roles}_{role}"] for name, role in FUNCTIONS.items()}


def test_lists_name_only_what_exists(owner: BaseDatabaseWrapper) -> None:
    names = {str(table) for table, *_ in rows(owner, TABLES)}
    assert {"tenant", "api_key", "member", "audit_event", "thread", "run", "checkpoints"} <= names
    later = {"store_vectors", "vector_migrations"}  # only with `store.index`
    assert names | later >= GLOBAL | LANGGRAPH | INSERT_ONLY


def test_no_role_bypasses_row_level_security(owner: BaseDatabaseWrapper) -> None:
    found = rows(
        owner, f"select rolname from pg_roles where rolname like '{prefix(owner)}\\_%%' and (rolsuper or rolbypassrls or rolcreaterole)"
    )
    assert found == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("create table forgot (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id))", "no forced row-level security"),
        ("alter table run no force row level security", "run has no forced row-level security"),
        ("drop policy system_all on run", "run has the policies"),
        ("create policy more on run using (true)", "run has the policies"),
    ],
)
def test_a_table_that_forgets_its_walls_is_found(owner: BaseDatabaseWrapper, statement: str, told: str) -> None:
    make(owner, statement)
    assert told in "\n".join(unwalled(owner))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("create table forgot (id uuid primary key, tenant_id uuid)", "forgot_pkey of forgot is unique over tenants"),
        ("create unique index over_all on audit_event (id)", "over_all of audit_event is unique over tenants"),
        (
            "create table forgot (tenant_id uuid primary key references tenant, a uuid references user_account)",
            "forgot ['a'] refers to another",
        ),
        ("create index slow on checkpoints (tenant_id)", "slow of checkpoints misleads the planner"),
        ("create index slow on store (tenant_id, prefix)", "slow of store misleads the planner"),
        ("create index slow on run (tenant_id)", "slow of run is on the tenant alone"),
    ],
)
def test_a_key_that_forgets_the_tenant_is_found(owner: BaseDatabaseWrapper, statement: str, told: str) -> None:
    make(owner, statement)
    assert told in "\n".join(unscoped(owner))


def test_a_grant_too_many_is_found(owner: BaseDatabaseWrapper) -> None:
    make(owner, f'grant update on audit_event to "{prefix(owner)}_app"')
    assert "app may ['insert', 'select', 'update'] on audit_event" in ungranted(owner)
