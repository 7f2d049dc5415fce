"""What this process says about itself."""

from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from assistants.registry.loader import registry
from runs.streams.connection import sync_redis

FLAGS = {
    "assistants": True,
    "crons": False,
    "langsmith": False,
    "langsmith_tracing_replicas": False,
    "langsmith_tracing_session_on_runs": False,
    "strict_resume": True,
    "stream_namespaces": False,
}
HOST = {"kind": "self-hosted", "project_id": None, "host_revision_id": None, "revision_id": None, "tenant_id": None}


def info() -> dict[str, Any]:
    """Versions, and the flags that clients look for."""
    return {
        "version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "langgraph_py_version": version("langgraph"),
        "flags": FLAGS,
        "host": HOST,
    }


def readiness() -> dict[str, Any]:
    """Database, Redis and graphs; ready with database and graphs. Without the extension `vector` there is no semantic search."""
    try:
        vector: bool | None = database_answers()
    except DatabaseError:
        vector = None
    loaded = [graph.graph_id for graph in registry() if graph.error is None]
    failed = [graph.graph_id for graph in registry() if graph.error is not None]
    return {
        "ready": vector is not None,
        "database": "down" if vector is None else "ok",
        "redis": _redis(),
        "graphs": {"loaded": loaded, "failed": failed},
        "vector": bool(vector),
    }


def database_answers() -> bool:
    """Whether the database has the extension `vector`. Raises DatabaseError when it is away."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select 1 from pg_extension where extname = 'vector')")
        return bool(cursor.fetchone()[0])


def _redis() -> str:
    try:
        sync_redis().ping()
    except RedisError:
        return "down"
    return "ok"
