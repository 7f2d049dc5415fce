"""Vectors of items: which texts of a value get one, and how PostgreSQL takes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
from langgraph.store.base import PutOp, get_text_at_path, tokenize_path

from assistants.registry.embedding import StoreIndex
from runs.checkpoints.store.filters import BadOperation

PATH_BYTES = 256  # they are part of a key, after the item's
MOST_PATHS = 32
MOST_INDEXED = 4000


class Kind(StrEnum):
    """The column's type: pgvector's index takes 2,000 dimensions of the exact type, 4,000 of the half as large one."""

    EXACT = "vector"
    HALF = "halfvec"

    @classmethod
    def of(cls, dims: int) -> "Kind":
        """For so many."""
        return cls.EXACT if dims <= 2000 else cls.HALF


@dataclass(frozen=True, slots=True)
class Document:
    """One text of an item."""

    namespace: tuple[str, ...]
    key: str
    field: str
    text: str


def documents_of(puts: Iterable[PutOp], index: StoreIndex) -> list[Document]:
    """The texts of these items at the paths that their `index` names, else at the configured ones. Empty texts have no meaning."""
    found: dict[tuple[tuple[str, ...], str, str], Document] = {}
    for op in puts:
        if op.value is None or op.index is False:
            continue
        paths = index.fields if op.index is None else tuple(op.index)
        if len(paths) > MOST_PATHS or any(len(path.encode()) > PATH_BYTES for path in paths):
            raise BadOperation(f"An item may be indexed by at most {MOST_PATHS} paths of {PATH_BYTES} bytes.")
        for path in paths:
            texts = get_text_at_path(op.value, path if path == "$" else tokenize_path(path))
            for number, text in enumerate(texts):
                field = f"{path}.{number}" if len(texts) > 1 else path
                if text.strip():
                    found[op.namespace, op.key, field] = Document(op.namespace, op.key, field, text)
    return list(found.values())


def vector_text(vector: Sequence[float]) -> str:
    """As pgvector reads it."""
    return orjson.dumps(vector).decode()
