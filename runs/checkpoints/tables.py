"""LangGraph's tables: made by LangGraph's own `setup()` as the owner, then keyed to tenants by us. Repeatable."""

from collections.abc import Sequence

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.store.postgres import PostgresStore
from langgraph.store.postgres.base import PostgresIndexConfig
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from runs.checkpoints.release import made_by
from runs.checkpoints.store.vectors import MOST_INDEXED, Kind
from tenants.database.operations import isolate

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
STORE_TABLES = ("store", "store_vectors")
MIGRATIONS = ("checkpoint_migrations", "store_migrations", "vector_migrations")
LOCK = 730
# Under row-level security the planner was seen to prefer an index on thread_id alone to the primary key: a whole thread read for its head.
WALL = """
drop index if exists {table}_thread_id_idx;
alter table {table} add column if not exists tenant_id uuid generated always as (split_part(thread_id, ':', 1)::uuid) stored
"""
WRITTEN_BY = "alter table checkpoint_writes add column if not exists written_by uuid"  # the run
# The tenant is the first label of a namespace: every statement of ours reads a range of `prefix` that begins with it.
STORE_WALL = """
alter table {table} add column if not exists tenant_id uuid generated always as (split_part(prefix, '.', 1)::uuid) stored
"""
# `index_paths`: what `index` of the put said, for the day on which everything is indexed anew. Minutes may be fractions.
STORE_COLUMNS = """
alter table store add column if not exists index_paths jsonb;
do $$ begin
  if (select atttypid from pg_attribute where attrelid = 'store'::regclass and attname = 'ttl_minutes') = 'int'::regtype then
    alter table store alter column ttl_minutes type double precision;
  end if;
end $$
"""
# Of vectors of a namespace: the primary key's order is not that of a range under every collation.
VECTOR_INDEX = "create index if not exists store_vectors_prefix_idx on store_vectors (prefix text_pattern_ops)"


def set_up(url: str, roles: str, dims: int | None) -> None:
    """Create or update the tables, then our columns and policies. `dims`: with vectors of that length, None without.

    Vectors that are there already keep their length: `reindex` is what changes it.
    """
    with psycopg.connect(url, autocommit=True, row_factory=dict_row, prepare_threshold=None) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        PostgresSaver(connection).setup()
        PostgresStore(connection, index=None if dims is None else index_config(dims)).setup()
        with connection.transaction():
            for table in TABLES:
                run(connection, WALL.format(table=table) + ";" + isolate(table, roles))
            for table in existing(connection, STORE_TABLES):
                run(connection, STORE_WALL.format(table=table) + ";" + isolate(table, roles))
            run(connection, WRITTEN_BY)
            run(connection, STORE_COLUMNS)
            if dims is not None:
                run(connection, VECTOR_INDEX)
            for table in existing(connection, MIGRATIONS):
                run(connection, f'revoke all on {table} from "{roles}_app"')
            run(connection, f"comment on table checkpoints is '{made_by(dims)}'")


def forget_vectors(url: str) -> None:
    """Drop all vectors and what LangGraph remembers of their table, so that `set_up` makes another."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        with connection.transaction():
            run(connection, "drop table if exists store_vectors")
            run(connection, "drop table if exists vector_migrations")


def index_config(dims: int) -> PostgresIndexConfig:
    """For LangGraph's `setup()`, which embeds nothing. Beyond what pgvector can index, vectors are compared one by one."""
    found: PostgresIndexConfig = {"dims": dims, "embed": lambda texts: []}
    found["ann_index_config"] = {"vector_type": Kind.of(dims).value, "kind": "hnsw" if dims <= MOST_INDEXED else "flat"}
    return found


def existing(connection: "psycopg.Connection[DictRow]", tables: Sequence[str]) -> list[str]:
    """Those of the tables that exist: without an index there are no vectors."""
    return [table for table in tables if connection.execute("select to_regclass(%s)::text as name", [table]).fetchone() != {"name": None}]


def run(connection: "psycopg.Connection[DictRow]", statement: str) -> None:
    """Execute DDL whose names are constants of ours."""
    connection.execute(sql.SQL(statement))
