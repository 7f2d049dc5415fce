"""Texts become vectors: the function or the provider's model that langgraph.json names as `store.index.embed`."""

import asyncio
import inspect
import threading
from array import array
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from langchain_core.embeddings import Embeddings
from langgraph.store.base import ensure_embeddings

from assistants.registry.manifest import GraphEntry, Manifest, ManifestError
from assistants.registry.source import import_variable
from assistants.registry.store_section import IndexSection, TtlSection

Vector = list[float]
CALLS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Texts:
    """What one batch of store operations needs vectors of: what is stored, and what is looked for."""

    documents: Sequence[str] = ()
    queries: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.documents or self.queries)


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of Texts, in their order."""

    documents: Sequence[Vector] = ()
    queries: Sequence[Vector] = ()


class Embedder:
    """May be called from every thread and loop. An asynchronous function gets a loop of its own: its clients must not see two."""

    def __init__(self, dims: int, documents: Callable[[list[str]], Any], query: Callable[[str], Any] | None = None) -> None:
        self.dims = dims
        self._documents, self._query = documents, query
        self._is_async = inspect.iscoroutinefunction(documents) or inspect.iscoroutinefunction(getattr(documents, "__call__", None))  # noqa: B004
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="embed")
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def of(cls, dims: int, value: object) -> "Embedder":
        """From LangChain's Embeddings or a function of a list of texts. Raises TypeError for anything else."""
        if isinstance(value, Embeddings):
            return cls(dims, value.embed_documents, value.embed_query)
        if not callable(value):
            raise TypeError(f"expected a function or Embeddings, not {type(value).__name__}")
        return cls(dims, value)

    def embed(self, texts: Texts) -> Vectors:
        """Blocks while the function or the provider works. Raises what they raise, ValueError for other vectors than asked for."""
        if not texts:
            return Vectors()
        if self._is_async:
            return self._sorted(texts, self._submitted(texts).result())
        if self._query is None:
            return self._sorted(texts, self._documents([*texts.documents, *texts.queries]))
        stored = self._documents(list(texts.documents)) if texts.documents else []
        return self._sorted(texts, [*stored, *(self._query(each) for each in texts.queries)])

    async def aembed(self, texts: Texts) -> Vectors:
        """The same without blocking. Not in the loop's own threads, which synchronous nodes may all hold."""
        if not texts:
            return Vectors()
        if self._is_async:
            return self._sorted(texts, await asyncio.wrap_future(self._submitted(texts)))
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.embed, texts)

    def _submitted(self, texts: Texts) -> "Future[Any]":
        async def call() -> Any:
            every = [*texts.documents, *texts.queries]
            found: Awaitable[Any] = self._documents(every)
            return await found

        return asyncio.run_coroutine_threadsafe(call(), self._own_loop())

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="embed", daemon=True).start()
            return self._loop

    def _sorted(self, texts: Texts, found: Sequence[Sequence[float]]) -> Vectors:
        count = len(texts.documents)
        if len(found) != count + len(texts.queries):
            raise ValueError(f"'embed' made {len(found)} vectors of {count + len(texts.queries)} texts")
        vectors = [[float(number) for number in vector] for vector in found]
        for vector in vectors:
            if len(vector) != self.dims:
                raise ValueError(f"'embed' made a vector of {len(vector)} numbers; store.index.dims says {self.dims}")
            if not all(map(isfinite, array("f", vector))):  # as the database stores them
                raise ValueError("'embed' made a vector with numbers that are none, or too large")
        return Vectors(vectors[:count], vectors[count:])


@dataclass(frozen=True, slots=True)
class StoreIndex:
    """How items are found by meaning."""

    dims: int
    fields: tuple[str, ...]
    embedder: Embedder


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """What langgraph.json says about the store, ready for use."""

    index: StoreIndex | None = None
    ttl: TtlSection = field(default_factory=TtlSection)

    def without_index(self) -> "StoreConfig":
        """For a database that has no vectors."""
        return StoreConfig(ttl=self.ttl)


def load_store(manifest: Manifest) -> StoreConfig:
    """Import what makes the vectors. Raises ManifestError if that fails: items would silently stay without vectors."""
    section = manifest.store.index
    if section is None:
        return StoreConfig(ttl=manifest.store.ttl)
    try:
        embedder = Embedder.of(section.dims, _source(manifest, section))
    except (Exception, SystemExit) as error:
        raise ManifestError(f"{manifest.path}: store.index.embed {section.embed!r} could not be loaded: {error}") from error
    return StoreConfig(StoreIndex(section.dims, section.fields, embedder), manifest.store.ttl)


def _source(manifest: Manifest, section: IndexSection) -> object:
    if ".py:" in section.embed:  # as on the official server: everything else is a provider's model
        return import_variable(manifest, GraphEntry.parse("store.index.embed", section.embed))
    return ensure_embeddings(section.embed)
