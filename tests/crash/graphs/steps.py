"""Steps that leave a trace in a file, and wait at one of them until a gate opens: tests know where a run is."""

import asyncio
import operator
import os
from pathlib import Path
from typing import Annotated

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    """`hold` is the step that waits for the gate, `steps` how many there are."""

    name: str
    hold: int
    steps: int
    ticks: Annotated[list[int], operator.add]


def leave(name: str, mark: str) -> None:
    """Append one line; short appends are atomic."""
    with (Path(os.environ["TRACES"]) / name).open("a") as trace:
        trace.write(f"{mark}\n")


async def work(state: State) -> State:
    """One step."""
    tick, name = len(state.get("ticks", [])) + 1, state["name"]
    leave(name, f"enter {tick}")
    get_stream_writer()({"tick": tick})
    if tick == state.get("hold"):
        while not (Path(os.environ["TRACES"]) / f"{name}.open").exists():
            await asyncio.sleep(0.01)
    leave(name, f"leave {tick}")
    return {"ticks": [tick]}


def more(state: State) -> str:
    """Until all steps are done."""
    return "work" if len(state["ticks"]) < state.get("steps", 5) else END


builder = StateGraph(State)
builder.add_node("work", work)
builder.add_edge(START, "work")
builder.add_conditional_edges("work", more, ["work", END])
graph = builder.compile()
