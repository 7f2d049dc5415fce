"""Statements that are planned once per connection: planning the large ones costs more than executing them."""

import time
from collections.abc import Mapping
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from tenants.database.context import current_tenant

SET_TENANT = "select set_config('app.tenant_id', %s, true)"


def prepared(query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute with server-side parameters, so that PostgreSQL keeps the plan, and return all rows; inside a transaction.

    The tenant travels in the same pipeline, local to the transaction, as it does with every other statement.
    """
    if not connection.in_atomic_block:
        raise ImproperlyConfigured("the tenant of a prepared statement is local to a transaction: open one")
    began, tenant = time.monotonic(), current_tenant.get()
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, raw.pipeline(), psycopg.Cursor(raw) as setting, psycopg.Cursor(raw) as cursor:
        setting.execute(SET_TENANT, (tenant.hex if tenant else "",), prepare=True)
        cursor.execute(query, parameters, prepare=True)
        rows = cursor.fetchall()
    if connection.queries_logged:
        connection.queries_log.append({"sql": query, "time": f"{time.monotonic() - began:.3f}"})
    return rows
