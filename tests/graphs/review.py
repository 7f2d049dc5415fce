"""What people are asked for, in one node. ``mode``: inbox (as agent inbox shows it), form (JSON schema), typed (pydantic), plain."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, field_validator
from typing_extensions import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "integer", "minimum": 0}, "note": {"type": "string"}},
    "required": ["amount"],
    "additionalProperties": False,
}
REQUEST = {
    "action_request": {"action": "send_mail", "args": {"to": "ann"}},
    "config": {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": False},
    "description": "Send this?",
}


class Refund(BaseModel):
    amount: int

    @field_validator("amount")
    @classmethod
    def affordable(cls, amount: int) -> int:
        if amount > 100:  # no JSON schema says so
            raise ValueError("more than the till holds")
        return amount


class State(TypedDict, total=False):
    mode: str
    answer: Any
    note: str


def ask(state: State) -> dict:
    mode = state.get("mode")
    if mode == "inbox":
        return {"answer": interrupt([REQUEST])[0]}
    if mode == "form":
        return {"answer": interrupt({"question": "how much?"}, response_schema=SCHEMA)}
    if mode == "typed":
        return {"answer": interrupt({"question": "how much?"}, response_schema=Refund).model_dump()}
    return {"answer": interrupt("well?")}


def act(state: State) -> dict:
    return {"note": f"acted, {state.get('note', 'plain')}"}


builder = StateGraph(State)
builder.add_node("ask", ask)
builder.add_node("act", act)
builder.add_edge(START, "ask")
builder.add_edge("ask", "act")
builder.add_edge("act", END)
graph = builder.compile()
