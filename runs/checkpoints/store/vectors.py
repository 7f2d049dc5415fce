"""Vectors of items: which texts of a value get one, and how PostgreSQL takes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from langgraph.store.base import PutOp, get_text_at_path, tokenize_path

from assistants.registry.embedding import StoreIndex
from assistants.registry.store_section import MOST_PATHS, PATH_BYTES, are_indexable
from runs.checkpoints.store.filters import BadOperation

MOST_INDEXED = 4000
# Of one item. Paths may name the same part of a value again and again, and every element of its lists.
MOST_TEXTS = 256
MOST_CHARACTERS = 20_000_000


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


def require_paths(op: PutOp) -> None:
    """Raises BadOperation for an `index` that no item may have, whether there is an index today or not."""
    if op.index and not are_indexable(op.index):
        raise BadOperation(f"An item may be indexed by at most {MOST_PATHS} paths of {PATH_BYTES} bytes.")


def documents_of(puts: Iterable[PutOp], index: StoreIndex) -> list[Document]:
    """The texts of these items at the paths that their `index` names, else at the configured ones. Empty texts have no meaning.

    Raises BadOperation for an item of too many texts.
    """
    found: list[Document] = []
    for op in puts:
        if op.value is not None and op.index is not False:
            texts = _texts_of(op.value, index.fields if op.index is None else tuple(op.index))
            found += [Document(op.namespace, op.key, name, text) for name, text in texts.items()]
    return found


def _texts_of(value: Mapping[str, Any], paths: Iterable[str]) -> dict[str, str]:
    """By the names of their fields."""
    found: dict[str, str] = {}
    for path in paths:
        texts = get_text_at_path(value, path if path == "$" else tokenize_path(path))
        found |= {f"{path}.{number}" if len(texts) > 1 else path: text for number, text in enumerate(texts) if text.strip()}
        if len(found) > MOST_TEXTS or sum(map(len, found.values())) > MOST_CHARACTERS:
            raise BadOperation(f"An item may be indexed by at most {MOST_TEXTS} texts of together {MOST_CHARACTERS} characters.")
    return found


def vector_text(vector: Sequence[float]) -> str:
    """As pgvector reads it."""
    return orjson.dumps(vector).decode()
