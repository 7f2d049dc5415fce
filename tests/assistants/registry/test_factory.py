"""Graphs that are made on demand."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.store.memory import InMemoryStore

from assistants.registry.factory import Factory, Purpose
from tests.assistants.registry.folder import loaded

SEEN = """
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime
seen = []
"""
CONFIG: RunnableConfig = {
    "configurable": {"shape": "two", "langgraph_auth_user": {"identity": "ann", "permissions": ["read"], "team": "red"}}
}


async def called(folder: Path, source: str, purpose: Purpose = "run", context: dict[str, Any] | None = None) -> list[Any]:
    """What the factory noted in `seen` during one use of its graph."""
    graph = loaded(folder, SEEN + source, "make").get("g")
    assert graph.error is None
    assert isinstance(graph.source, Factory)
    noted: list[Any] = inspect.unwrap(graph.source.make).__globals__["seen"]
    noted.clear()
    async with graph.graph(CONFIG, purpose=purpose, checkpointer=None, store=InMemoryStore(), context=context) as made:
        noted.append(await made.ainvoke({"x": 3}))
    return noted


async def test_without_argument(tmp_path: Path) -> None:
    assert await called(tmp_path, "def make():\n    seen.append(1)\n    return builder.compile()\n") == [1, {"x": 6}]


@pytest.mark.parametrize("parameter", ["config: RunnableConfig", "config", "anything", "c: 'RunnableConfig'", "config: dict"])
async def test_with_the_config(tmp_path: Path, parameter: str) -> None:
    name = parameter.partition(":")[0]
    source = f"async def make({parameter}):\n    seen.append({name}['configurable'].get('shape'))\n    return builder\n"
    assert await called(tmp_path, source) == ["two", {"x": 6}]


async def test_with_config_and_runtime_in_any_order(tmp_path: Path) -> None:
    source = """
def make(rt: ServerRuntime, cfg: RunnableConfig, extra: int = 5):
    seen.append((rt.access_context, cfg["configurable"].get("shape"), extra))
    return builder.compile()
"""
    assert await called(tmp_path, source) == [("threads.create_run", "two", 5), {"x": 6}]


@pytest.mark.parametrize(
    ("purpose", "access"),
    [("run", "threads.create_run"), ("state", "threads.read"), ("update", "threads.update"), ("schemas", "assistants.read")],
)
async def test_the_runtime_tells_why(tmp_path: Path, purpose: Purpose, access: str) -> None:
    source = """
def make(runtime: ServerRuntime):
    seen.append((runtime.access_context, runtime.execution_runtime is not None, type(runtime.store).__name__))
    return builder
"""
    assert (await called(tmp_path, source, purpose))[0] == (access, purpose == "run", "InMemoryStore")


async def test_the_runtime_tells_who(tmp_path: Path) -> None:
    source = """
def make(runtime: ServerRuntime):
    user = runtime.user
    if user:
        seen.append((user.identity, user.display_name, user.permissions, user["team"], user.is_authenticated, len(user)))
    return builder
"""
    assert (await called(tmp_path, source))[0] == ("ann", "ann", ["read"], "red", True, 3)


@pytest.mark.parametrize("base", ["@dataclass\nclass Context:", "from pydantic import BaseModel\nclass Context(BaseModel):"])
async def test_the_context_has_the_type_of_the_annotation(tmp_path: Path, base: str) -> None:
    source = f"""
{base}
    tone: str = "plain"
def make(runtime: ServerRuntime[Context]):
    if runtime.execution_runtime:
        seen.append(runtime.execution_runtime.context.tone)
    return builder
"""
    assert (await called(tmp_path, source, context={"tone": "warm", "unknown": 1}))[0] == "warm"


@pytest.mark.parametrize(
    "head",
    ["@asynccontextmanager\nasync def make(config)", "async def make(config)", "@contextmanager\ndef make(config)", "def make(config)"],
)
async def test_a_context_manager_is_closed_after_use(tmp_path: Path, head: str) -> None:
    source = f"{head}:\n    seen.append('open')\n    yield builder.compile()\n    seen.append('closed')\n"
    assert await called(tmp_path, source) == ["open", {"x": 6}, "closed"]


def test_a_factory_that_needs_a_real_config_still_loads(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    graph = loaded(tmp_path, "def make(config):\n    return {'a': builder}[config['configurable']['shape']]\n", "make").get("g")
    assert (graph.error, graph.schemas["input_schema"], graph.drawings) == (None, None, [{"nodes": [], "edges": []}])
    assert graph.subgraphs == {}
    assert "a graph could not be described without a run's config" in caplog.messages
    assert len(graph.fingerprint) == 64


async def test_annotations_for_type_checkers_only_are_understood(tmp_path: Path) -> None:
    source = """
def make(rt: "ServerRuntime[Nowhere]", cfg: "RunnableConfig | Nowhere", other: "Nowhere" = None):
    seen.append((rt.access_context, cfg["configurable"].get("shape"), other))
    return builder
"""
    assert (await called(tmp_path, source))[0] == ("threads.create_run", "two", None)


async def test_positional_parameters_and_callable_objects_work(tmp_path: Path) -> None:
    source = """
class Maker:
    def __call__(self, config: RunnableConfig, /):
        seen.append(config["configurable"].get("shape"))
        return builder
maker = Maker()
def make(config, /):
    return maker(config)
"""
    assert (await called(tmp_path, source))[0] == "two"
    callable_object = loaded(tmp_path, SEEN + source, "maker").get("g")
    assert callable_object.error is None and callable_object.schemas["input_schema"] is not None


async def test_a_context_of_another_kind_is_handed_over_as_it_is(tmp_path: Path) -> None:
    source = """
from typing_extensions import TypedDict as Typed
class Context(Typed):
    tone: str
def make(runtime: ServerRuntime[Context]):
    seen.append(runtime.execution_runtime and runtime.execution_runtime.context)
    return builder
"""
    assert (await called(tmp_path, source, context={"tone": "warm"}))[0] == {"tone": "warm"}
    assert (await called(tmp_path, source))[0] is None
