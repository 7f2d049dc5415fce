"""Which keys a run's context may have."""

from pathlib import Path

import pytest

from tests.assistants.registry.folder import loaded


@pytest.mark.parametrize(
    ("schema", "keys"),
    [
        ("from dataclasses import dataclass\n@dataclass\nclass Context:\n    a: int = 1\n", {"a"}),
        ("class Context(TypedDict):\n    a: int\n    b: int\n", {"a", "b"}),
        ("from pydantic import BaseModel, Field\nclass Context(BaseModel):\n    a: int = Field(1, alias='A')\n", {"a", "A"}),
        ("from pydantic import BaseModel\nclass Context(BaseModel, extra='allow'):\n    a: int = 1\n", None),
        ("Context = None\n", None),
    ],
)
def test_keys_come_from_the_schema(tmp_path: Path, schema: str, keys: set[str] | None) -> None:
    source = schema + "graph = StateGraph(State, context_schema=Context).add_node('double', double).add_edge(START, 'double').compile()\n"
    graph = loaded(tmp_path, source).get("g")
    assert graph.error is None
    assert graph.context_keys == (None if keys is None else frozenset(keys))


def test_a_type_without_schema_has_none(tmp_path: Path) -> None:
    source = """
class Handle:
    pass
class Other(TypedDict):
    handle: Handle
graph = StateGraph(Other).add_node("double", lambda state: {}).add_edge(START, "double").compile()
"""
    graph = loaded(tmp_path, source).get("g")
    assert (graph.error, graph.schemas["input_schema"]) == (None, None)
    assert graph.schemas["state_schema"]["properties"] == {"handle": {"default": None, "title": "Handle"}}
