"""A LangChain agent whose tools need a person: `graph` asks once per turn, `each` once per call."""

from __future__ import annotations

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import tool

from fakes import ScriptedChatModel, stable_id


class Clerk(ScriptedChatModel):
    """Calls a tool for each ``tool:city`` word of a human message; then reports what the tools said."""

    def _reply(self, messages: list[BaseMessage]) -> AIMessage:
        last = messages[-1]
        if last.type != "human":
            said = [str(message.content) for message in messages if message.type == "tool"]
            return AIMessage(content=" ".join(said), id=stable_id("ai", *said))
        wanted = [word.split(":") for word in str(last.content).split() if ":" in word]
        calls = [
            {"name": name, "args": {"city": city}, "id": stable_id("call", name, city), "type": "tool_call"}
            for name, city in wanted
        ]
        return AIMessage(content="", id=stable_id("ai", str(last.content)), tool_calls=calls)


@tool
def book(city: str) -> str:
    """Book a trip."""
    return f"Booked {city}."


@tool
def cancel(city: str) -> str:
    """Cancel a trip."""
    return f"Cancelled {city}."


@tool
def weather(city: str) -> str:
    """Weather of a city."""
    return f"Sunny in {city}."


ALLOWED = {
    "book": {"allowed_decisions": ["approve", "edit", "reject", "respond"]},
    "cancel": {"allowed_decisions": ["approve", "reject"]},
}


def agent(mode: str):
    return create_agent(
        Clerk(),
        tools=[book, cancel, weather],
        middleware=[HumanInTheLoopMiddleware(interrupt_on=ALLOWED, interrupt_mode=mode)],
    )


graph = agent("batched")
each = agent("per_call")
