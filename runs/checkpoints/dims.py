"""Whether items have vectors here, and of which length: what langgraph.json asks for, and what the database has."""

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

from assistants.registry.manifest import Manifest, ManifestError

if TYPE_CHECKING:  # it brings LangGraph, which `manage.py setup` should not have to wait for
    from assistants.registry.loader import Registry

logger = logging.getLogger("runs.store")
FACTS = """
select exists (select from pg_extension where extname = 'vector'),
       (select atttypmod from pg_attribute where attrelid = to_regclass('store_vectors') and attname = 'embedding')
"""


def wanted_dims(connection: BaseDatabaseWrapper) -> int | None:
    """The length of the vectors to prepare for; None without `store.index`, or where the database has no pgvector."""
    try:
        index = Manifest.read(settings.GRAPHS_FILE).store.index
    except ManifestError as error:
        logger.warning("no vectors are prepared: langgraph.json cannot be read", extra={"reason": str(error)})
        return None
    return index.dims if index is not None and _facts(connection)[0] else None


def check_vectors(connection: BaseDatabaseWrapper, graphs: "Registry") -> None:
    """Before a process serves: refuse to start over other vectors than langgraph.json means; without pgvector go on without an index.

    Raises ImproperlyConfigured with the command to run.
    """
    index = graphs.store.index
    if index is None:
        return
    extension, stored = _facts(connection)
    if not extension:
        logger.warning("the database has no pgvector: store.index of langgraph.json is ignored, searches of the store have no scores")
        graphs.store = graphs.store.without_index()
    elif stored is None:
        raise ImproperlyConfigured("langgraph.json has a store.index, but the database no table for it: run `manage.py setup` first.")
    elif stored != index.dims:
        raise ImproperlyConfigured(
            f"store.index.dims of langgraph.json is {index.dims}, the stored vectors have {stored} numbers. "
            "Set it back, or make all vectors anew with `manage.py reindex_store` while web and workers are down."
        )


def _facts(connection: BaseDatabaseWrapper) -> tuple[bool, int | None]:
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        extension, stored = cursor.fetchone()
        return bool(extension), stored
