"""The process's graphs: loaded once from langgraph.json, then used by everyone."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel
from langgraph.store.base import BaseStore
from langgraph.types import Checkpointer

from assistants.registry.drawing import NO_DRAWING, drawings
from assistants.registry.embedding import StoreConfig, load_store
from assistants.registry.factory import AnyPregel, Call, Factory, Purpose, compiled
from assistants.registry.fingerprint import fingerprint
from assistants.registry.manifest import GraphEntry, Manifest
from assistants.registry.schemas import NO_SCHEMAS, context_keys, json_schemas, subgraph_schemas
from assistants.registry.source import code_digest, import_variable, make_importable, revision_of, source_fingerprint
from tenants.exceptions import BadRequest, NotFound

logger = logging.getLogger(__name__)
UNNAMED = "LangGraph"  # what LangGraph calls a graph whose author gave no name; such a one is called by its id
LOAD_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Bound:
    """A graph with the checkpointer it was bound to last."""

    checkpointer: Checkpointer
    graph: AnyPregel


@dataclass(slots=True)
class LoadedGraph:
    """One graph of langgraph.json, or why it is none.

    What people read of it is made once, when it is loaded: `drawings` by depth, each with one more level of subgraphs opened, and schemas,
    those of the subgraphs by namespace.
    """

    graph_id: str
    description: str | None
    revision: str
    fingerprint: str
    schemas: dict[str, Any] = field(default_factory=lambda: dict(NO_SCHEMAS))
    subgraphs: dict[str, dict[str, Any]] = field(default_factory=dict)
    drawings: list[dict[str, Any]] = field(default_factory=lambda: [dict(NO_DRAWING)])
    context_keys: frozenset[str] | None = None
    error: str | None = None
    source: "AnyPregel | Factory | None" = field(default=None, repr=False)
    bound: Bound | None = field(default=None, repr=False)

    @property
    def drawing(self) -> dict[str, Any]:
        """With its subgraphs closed."""
        return self.drawings[0]

    @property
    def has_context_schema(self) -> bool:
        """Whether a run's context is limited to `context_keys`."""
        return self.context_keys is not None

    @asynccontextmanager
    async def graph(
        self,
        config: RunnableConfig,
        *,
        purpose: Purpose,
        checkpointer: Checkpointer,
        store: BaseStore | None,
        context: dict[str, Any] | None = None,
    ) -> AsyncIterator[AnyPregel]:
        """The graph, bound to checkpointer and store, until the block ends. Free for runs of plain graphs; a factory is called each time.

        Runs bring their store in the config as well, where LangGraph looks first: the graph that they share is bound to none.
        Raises BadRequest for a graph that did not load.
        """
        if isinstance(self.source, Factory):
            async with self.source.open(Call(config=config, purpose=purpose, store=store, context=context)) as made:
                yield self._bind(made, checkpointer, store)
        elif self.source is not None:
            yield self._bound_source(self.source, purpose, checkpointer, store)
        else:
            raise BadRequest(f"Graph '{self.graph_id}' could not be loaded: {self.error}")

    def _bound_source(self, source: AnyPregel, purpose: Purpose, checkpointer: Checkpointer, store: BaseStore | None) -> AnyPregel:
        if purpose != "run":  # these come with a saver of their own each time
            return self._bind(source, checkpointer, store)
        last = self.bound
        if last is None or last.checkpointer is not checkpointer:
            last = self.bound = Bound(checkpointer, self._bind(source, checkpointer, None))
        return last.graph

    def _bind(self, graph: AnyPregel, checkpointer: Checkpointer, store: BaseStore | None) -> AnyPregel:
        name = self.graph_id if graph.name == UNNAMED else graph.name
        bound = graph.copy(update={"checkpointer": checkpointer, "store": store, "name": name})
        # `copy` forgets which classes of the state may be built from a checkpoint: they would come back as plain dicts.
        bound._serde_allowlist = graph._serde_allowlist
        return bound


class Registry:
    """The graphs of one langgraph.json, and what it says about their store."""

    def __init__(self, path: Path, entries: dict[str, LoadedGraph], store: StoreConfig | None = None) -> None:
        self.path = path
        self.entries = entries
        self.store = store or StoreConfig()

    def __iter__(self) -> Iterator[LoadedGraph]:
        return iter(self.entries.values())

    def names(self) -> list[str]:
        """All graphs, also those that did not load, in alphabetical order."""
        return sorted(self.entries)

    def get(self, graph_id: str) -> LoadedGraph:
        """The graph, loaded or not. Raises NotFound."""
        try:
            return self.entries[graph_id]
        except KeyError:
            raise NotFound(f"Graph '{graph_id}' not found. Expected one of: {self.names()}") from None


def load_graphs(manifest: Manifest) -> Registry:
    """Import every graph. One that fails is logged and keeps its error; it stops no other. ManifestError if the store's cannot be made."""
    for name in manifest.missing():
        logger.warning("a dependency of langgraph.json is neither a folder nor installed", extra={"dependency": name})
    manifest.set_environment()
    make_importable(manifest)
    store = load_store(manifest)
    code = code_digest(manifest)
    # a loop of its own: factories may be asynchronous, and the caller may already be inside a loop
    with ThreadPoolExecutor(1, thread_name_prefix="load-graphs") as pool:
        entries = {name: pool.submit(asyncio.run, _load_entry(manifest, entry, code)).result() for name, entry in manifest.graphs.items()}
    return Registry(manifest.path, entries, store)


async def _load_entry(manifest: Manifest, entry: GraphEntry, code: str) -> LoadedGraph:
    loaded = LoadedGraph(entry.graph_id, entry.description, revision_of(code, entry), fingerprint="")
    try:
        value = import_variable(manifest, entry)
        is_graph = isinstance(value, Pregel | StateGraph)
        loaded.source = compiled(value) if is_graph or not callable(value) else Factory.of(value)
    except (Exception, SystemExit) as error:  # importing runs the author's code: whatever it raises must not stop the other graphs
        logger.exception("a graph could not be loaded", extra={"graph_id": entry.graph_id})
        loaded.error = _first_line(error)
        loaded.fingerprint = source_fingerprint(manifest, entry)
        return loaded
    try:
        async with loaded.graph({"configurable": {}}, purpose="schemas", checkpointer=None, store=None) as graph:
            loaded.fingerprint = fingerprint(graph)
            loaded.context_keys = context_keys(graph)
            loaded.schemas = json_schemas(graph)
            loaded.subgraphs = subgraph_schemas(graph)
            loaded.drawings = drawings(graph, {"configurable": {}})
    except Exception:  # a factory may need a real config, or a graph be impossible to draw: neither keeps it from running
        logger.warning("a graph could not be described without a run's config", extra={"graph_id": entry.graph_id}, exc_info=True)
        loaded.fingerprint = loaded.fingerprint or source_fingerprint(manifest, entry)
    return loaded


def _first_line(error: BaseException) -> str:
    """Class and text, storable: PostgreSQL refuses NUL and lone surrogates."""
    text = f"{type(error).__name__}: {error}".partition("\n")[0]
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class _Process:
    """What this process has loaded: set once, then read by every thread."""

    def __init__(self) -> None:
        self.loading = threading.Lock()
        self.done = threading.Event()
        self.registry: Registry | None = None
        self.failure: Exception | None = None


_process = _Process()


def load(path: Path) -> Registry:
    """Load this process's graphs; again for the same file changes nothing. Raises ManifestError, as every later `registry()` then does."""
    with _process.loading:
        if _process.registry is None or _process.registry.path != path.resolve():
            try:
                _process.registry = load_graphs(Manifest.read(path))
                _process.failure = None
            except Exception as error:
                _process.failure = error
                raise
            finally:
                _process.done.set()
        return _process.registry


def registry() -> Registry:
    """The process's graphs; waits while another thread loads them."""
    if not _process.done.wait(LOAD_SECONDS):
        raise RuntimeError("the graphs of this process were never loaded")
    if _process.registry is None:
        raise RuntimeError(f"the graphs could not be loaded: {_process.failure}") from _process.failure
    return _process.registry
