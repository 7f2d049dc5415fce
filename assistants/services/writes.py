"""The statements that write an assistant and its version together, so that the row and its latest version cannot differ."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from assistants.models import Assistant

COLUMNS = "tenant_id, assistant_id, graph_id, name, description, config, context, metadata, version"
VALUES = "%(tenant_id)s, %(assistant_id)s, %(graph_id)s, %(name)s, %(description)s, %(config)s, %(context)s, %(metadata)s"
# Counted here and not with the lock: a statement that waited for the lock still sees the other tables as they were before.
NEXT = "(select coalesce(max(version), 0) + 1 from assistant_version where tenant_id = %(tenant_id)s and assistant_id = %(assistant_id)s)"
SAVE_VERSION = f"""
    insert into assistant_version ({COLUMNS}, author, created_at)
    select {COLUMNS}, %(author)s, updated_at from written
"""
INSERT = f"""
    with written as (
        insert into assistant ({COLUMNS}) values ({VALUES}, 1) on conflict do nothing returning *
    ), version as ({SAVE_VERSION})
    select version, created_at, updated_at from written
"""
UPDATE = f"""
    with written as (
        update assistant set ({COLUMNS}) = row ({VALUES}, {NEXT}), updated_at = statement_timestamp(), deleted_at = null,
            created_at = case when deleted_at is null then created_at else statement_timestamp() end
        where tenant_id = %(tenant_id)s and assistant_id = %(assistant_id)s
        returning *
    ), version as ({SAVE_VERSION})
    select version, created_at, updated_at from written
"""
INSERT_BUILTINS = f"""
    with written as (
        insert into assistant ({COLUMNS})
        select %(tenant_id)s, assistant_id, graph_id, graph_id, description, '{{}}', '{{}}', '{{"created_by": "system"}}', 1
        from unnest(%(ids)s::uuid[], %(graph_ids)s::text[], %(descriptions)s::text[]) as builtin (assistant_id, graph_id, description)
        on conflict do nothing returning *
    )
    {SAVE_VERSION}
"""


def insert_assistant(row: Assistant, author: str) -> bool:
    """Insert the row and its version 1 in one statement; False, and nothing written, if its id is taken."""
    return _write(INSERT, row, author)


def update_assistant_row(row: Assistant, author: str) -> None:
    """Write the row and its next version in one statement; brings a deleted assistant back. The row must be locked."""
    _write(UPDATE, row, author)


def insert_builtins(tenant_id: UUID, builtins: Sequence[tuple[UUID, str, str | None]]) -> None:
    """Insert what is missing of (id, graph, description) with first versions, in one statement; deleted ones are there and stay deleted."""
    ids, graph_ids, descriptions = (list(column) for column in zip(*builtins, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_BUILTINS,
            {"tenant_id": tenant_id, "ids": ids, "graph_ids": graph_ids, "descriptions": descriptions, "author": "system"},
        )


def _write(statement: str, row: Assistant, author: str) -> bool:
    parameters: dict[str, Any] = {
        "tenant_id": row.tenant_id,
        "assistant_id": row.assistant_id,
        "graph_id": row.graph_id,
        "name": row.name,
        "description": row.description,
        "config": Jsonb(row.config),
        "context": Jsonb(row.context),
        "metadata": Jsonb(row.metadata),
        "author": author,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        written: tuple[int, datetime, datetime] | None = cursor.fetchone()
    if written is None:
        return False
    row.version, row.created_at, row.updated_at = written
    return True
