"""Questions whose answers have a form: `mode` asks one, two side by side, or one in a graph within the graph."""

from __future__ import annotations

import operator
from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer", "minimum": 1}}, "required": ["amount"]}
YES_OR_NO = {"type": "boolean"}


class State(TypedDict, total=False):
    mode: Literal["single", "parallel", "nested"]
    answers: Annotated[list[Any], operator.add]


def choose(state: State) -> list[str]:
    return {"parallel": ["amount", "consent"], "nested": ["inside"]}.get(state.get("mode", "single"), ["amount"])


def amount(state: State) -> dict[str, Any]:
    return {"answers": [interrupt({"question": "How much?"}, response_schema=AMOUNT)]}


def consent(state: State) -> dict[str, Any]:
    return {"answers": [interrupt({"question": "Sure?"}, response_schema=YES_OR_NO)]}


inside = StateGraph(State)
inside.add_node("ask", amount)
inside.add_edge(START, "ask")
inside.add_edge("ask", END)


def close(state: State) -> dict[str, Any]:
    return {"answers": ["closed"]}


builder = StateGraph(State)
builder.add_node("amount", amount)
builder.add_node("consent", consent)
builder.add_node("inside", inside.compile(name="inside"))
builder.add_node("close", close)
builder.add_conditional_edges(START, choose, ["amount", "consent", "inside"])
builder.add_edge("amount", "close")
builder.add_edge("consent", "close")
builder.add_edge("inside", "close")
builder.add_edge("close", END)
graph = builder.compile()
