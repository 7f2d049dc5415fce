"""Folders with graphs for tests of the registry."""

import json
from pathlib import Path
from typing import Any

from assistants.registry.loader import Registry, load_graphs
from assistants.registry.manifest import Manifest

BUILDER = """
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

class State(TypedDict, total=False):
    x: int

def double(state: State) -> State:
    return {"x": 2 * state["x"]}

builder = StateGraph(State).add_node("double", double).add_edge(START, "double").add_edge("double", END)
"""


def write(folder: Path, graphs: dict[str, Any], **files: str) -> Manifest:
    """A langgraph.json with these graphs, and these modules beside it."""
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    (folder / "langgraph.json").write_text(json.dumps({"graphs": graphs, "dependencies": ["."]}))
    return Manifest.read(folder / "langgraph.json")


def loaded(folder: Path, source: str, variable: str = "graph") -> Registry:
    """One graph `g` from one file."""
    return load_graphs(write(folder, {"g": f"./agent.py:{variable}"}, agent=BUILDER + source))
