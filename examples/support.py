"""Graph `support`: an agent that looks up orders by itself, and refunds them once a person has decided."""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolCall
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt
from scripted import chat_model, text_of

INSTRUCTIONS = (
    "You help customers of a shop. Look orders up before you talk about them. Refund with the tool: a person decides about each refund."
)
ORDERS = {
    "1234": {"item": "a teapot", "amount": 49.0, "status": "delivered"},
    "5678": {"item": "two cups", "amount": 18.5, "status": "on its way"},
}


def decision(kind: str, **fields: Any) -> dict[str, Any]:
    """JSON schema of one kind of answer."""
    return {
        "type": "object",
        "properties": {"type": {"const": kind}, **fields},
        "required": ["type", *fields],
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
REFUND_ARGS = {
    "type": "object",
    "properties": {"order_id": TEXT, "amount": {"type": "number", "exclusiveMinimum": 0}},
    "required": ["order_id", "amount"],
    "additionalProperties": False,
}
EDITED = {
    "type": "object",
    "properties": {"name": {"const": "refund"}, "args": REFUND_ARGS},
    "required": ["name", "args"],
    "additionalProperties": False,
}
DECISION = {
    "oneOf": [
        decision("approve"),
        decision("edit", edited_action=EDITED),
        decision("respond", message=TEXT),
        decision("reject", message=TEXT),
    ]
}


@tool
async def look_up_order(order_id: str) -> str:
    """Say what is known about an order."""
    order = ORDERS.get(order_id)
    return (
        f"Order {order_id}: {order['item']}, {order['amount']:.2f} EUR, {order['status']}." if order else f"There is no order {order_id}."
    )


@tool
async def refund(order_id: str, amount: float) -> str:
    """Pay back an order, or a part of it. A person decides first."""
    args = {"order_id": order_id, "amount": amount}
    # Everything above the interrupt runs again when the answer comes, so what has an effect stands below it.
    answer = interrupt({"type": "tool_approval", "action": "refund", "args": args}, response_schema=DECISION)
    match answer["type"]:
        case "approve":
            return f"Approved: refunded {amount:.2f} EUR for order {order_id}."
        case "edit":
            edited = answer["edited_action"]["args"]
            return f"Approved with changes: refunded {edited['amount']:.2f} EUR for order {edited['order_id']}."
        case "respond":
            return f"Not refunded yet. A person says: {answer['message']}"
        case "reject":
            return f"Rejected: order {order_id} is not refunded. Reason: {answer['message']}"
    raise ValueError(f"not a decision: {answer['type']!r}")


def script(messages: Sequence[BaseMessage]) -> AIMessage:
    """Without a model: `refund order 1234` and `order 1234` are understood; what a tool said is told on."""
    last = messages[-1]
    if last.type == "tool":
        return AIMessage(text_of(last))
    asked = re.search(r"order (\w+)(?: of (\d+(?:\.\d+)?))?", text_of(last), re.IGNORECASE)
    if asked is None:
        return AIMessage("I can look up an order ('order 1234') or refund it ('refund order 1234').")
    order_id, amount = asked.groups()
    if "refund" not in text_of(last).lower():
        return AIMessage("", tool_calls=[ToolCall(name="look_up_order", args={"order_id": order_id}, id=None)])
    if order_id not in ORDERS:
        return AIMessage(f"There is no order {order_id}.")
    args = {"order_id": order_id, "amount": float(amount or ORDERS[order_id]["amount"])}
    return AIMessage("", tool_calls=[ToolCall(name="refund", args=args, id=None)])


tools = [look_up_order, refund]
model = chat_model(script).bind_tools(tools)


async def agent(state: MessagesState) -> dict[str, Any]:
    """Answer, or call a tool."""
    return {"messages": [await model.ainvoke([SystemMessage(INSTRUCTIONS), *state["messages"]])]}


builder = StateGraph(MessagesState).add_node(agent).add_node("tools", ToolNode(tools))
graph = builder.add_edge(START, "agent").add_conditional_edges("agent", tools_condition).add_edge("tools", "agent").compile()
