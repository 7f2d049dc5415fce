"""Graph `echo`: a conversation whose answers are streamed token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from scripted import chat_model, paced, text_of


@dataclass(kw_only=True)
class Settings:
    """What an assistant or a run may set as `context`."""

    word_seconds: float = 0.0
    """A pause before every word: as slow as a large model, to see what happens meanwhile."""


def repeat(messages: Sequence[BaseMessage]) -> AIMessage:
    """Without a model: say what the last human said."""
    said = [text_of(message) for message in messages if message.type == "human"]
    return AIMessage(said[-1] if said else "")


model = chat_model(repeat)


async def answer(state: MessagesState, runtime: Runtime[Settings]) -> dict[str, Any]:
    """One turn."""
    pace = runtime.context.word_seconds if runtime.context else 0.0
    return {"messages": [await paced(model, pace).ainvoke(state["messages"])]}


builder = StateGraph(MessagesState, context_schema=Settings).add_node(answer)
graph = builder.add_edge(START, "answer").add_edge("answer", END).compile()
