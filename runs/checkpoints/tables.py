"""LangGraph's tables: made by LangGraph's own `setup()` as the owner, then keyed to tenants by us. Repeatable."""

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from runs.checkpoints.release import made_by
from tenants.database.operations import isolate

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
LOCK = 730
# Under row-level security the planner was seen to prefer an index on thread_id alone to the primary key: a whole thread read for its head.
WALL = """
drop index if exists {table}_thread_id_idx;
alter table {table} add column if not exists tenant_id uuid generated always as (split_part(thread_id, ':', 1)::uuid) stored
"""


def set_up(url: str, roles: str) -> None:
    """Create or update the tables, then our columns and policies."""
    with psycopg.connect(url, autocommit=True, row_factory=dict_row, prepare_threshold=None) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        PostgresSaver(connection).setup()
        with connection.transaction():
            for table in TABLES:
                run(connection, WALL.format(table=table))
                run(connection, isolate(table, roles))
            run(connection, f"comment on table checkpoints is '{made_by()}'")
            run(connection, f'revoke all on checkpoint_migrations from "{roles}_app"')


def run(connection: "psycopg.Connection[DictRow]", statement: str) -> None:
    """Execute DDL whose names are constants of ours."""
    connection.execute(sql.SQL(statement))
