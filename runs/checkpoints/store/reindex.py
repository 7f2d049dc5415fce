"""All vectors anew: after another model, other fields or another length, for every tenant."""

import logging
from collections.abc import Iterator
from typing import Any

import psycopg
from langgraph.store.base import PutOp
from psycopg.rows import dict_row

from assistants.registry.embedding import StoreIndex, Texts
from runs.checkpoints.store.filters import BadOperation
from runs.checkpoints.store.vectors import Document, Kind, documents_of, vector_text
from runs.checkpoints.store.work import Row

logger = logging.getLogger("runs.store")
BATCH = 100
NEXT = """
select prefix, key, value, index_paths, updated_at from store
 where (prefix, key) > (%s, %s) and (expires_at is null or expires_at > now()) order by prefix, key limit %s
"""
# Only of items that are still as they were read.
INSERT = """
insert into store_vectors (prefix, key, field_name, embedding, created_at, updated_at)
select s.prefix, s.key, given.field, given.embedding::{kind}, now(), now()
  from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]) given(prefix, key, field, embedding, updated_at)
  join store s on s.prefix = given.prefix and s.key = given.key and s.updated_at = given.updated_at
on conflict (prefix, key, field_name) do nothing
"""


def reindex(url: str, index: StoreIndex) -> Iterator[int]:
    """Embed every item that has a meaning, as the role that sees all tenants, into an empty table; yields how many items are done."""
    done, last = 0, ("", "")
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        while rows := connection.execute(NEXT, (*last, BATCH)).fetchall():
            _embed(connection, rows, index)
            done, last = done + len(rows), (rows[-1]["prefix"], rows[-1]["key"])
            yield done


def _documents(put: PutOp, index: StoreIndex) -> list[Document]:
    """Of one item. One that cannot be indexed stays without vectors: it must not keep all others from theirs."""
    try:
        return documents_of([put], index)
    except BadOperation as error:
        logger.warning("an item is not indexed", extra={"prefix": put.namespace[0], "key": put.key, "reason": str(error)})
        return []


def _embed(connection: psycopg.Connection[Row], rows: list[Row], index: StoreIndex) -> None:
    """The whole prefix stands for the namespace: nothing leaves this function."""
    puts = [PutOp((row["prefix"],), row["key"], row["value"], row["index_paths"]) for row in rows]
    documents = [document for put in puts for document in _documents(put, index)]
    if not documents:
        return
    read: dict[tuple[str, str], Any] = {(row["prefix"], row["key"]): row["updated_at"] for row in rows}
    vectors = index.embedder.embed(Texts([document.text for document in documents])).documents
    given = [
        (*document.namespace, document.key, document.field, vector_text(vector), read[document.namespace[0], document.key])
        for document, vector in zip(documents, vectors, strict=True)
    ]
    connection.execute(INSERT.format(kind=Kind.of(index.dims)).encode(), [list(column) for column in zip(*given, strict=True)])
