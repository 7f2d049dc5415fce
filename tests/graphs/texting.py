"""Hears a message, then replies to it: the state tells which messages came how far, in which order."""

from __future__ import annotations

import asyncio
import operator
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    text: int
    heard: Annotated[list[int], operator.add]
    replied: Annotated[list[int], operator.add]


async def hear(state: State) -> dict[str, Any]:
    await asyncio.sleep(0.005)
    return {"heard": [state["text"]]}


async def reply(state: State) -> dict[str, Any]:
    await asyncio.sleep(0.005)
    return {"replied": [state["text"]]}


builder = StateGraph(State)
builder.add_node("hear", hear)
builder.add_node("reply", reply)
builder.add_edge(START, "hear")
builder.add_edge("hear", "reply")
builder.add_edge("reply", END)
graph = builder.compile()
