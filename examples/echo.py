"""Graph `echo`: a conversation whose answers are streamed token by token."""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from scripted import chat_model, text_of


def repeat(messages: Sequence[BaseMessage]) -> AIMessage:
    """Without a model: say what the last human said."""
    said = [text_of(message) for message in messages if message.type == "human"]
    return AIMessage(said[-1] if said else "")


model = chat_model(repeat)


async def answer(state: MessagesState) -> dict[str, Any]:
    """One turn."""
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = StateGraph(MessagesState).add_node(answer).add_edge(START, "answer").add_edge("answer", END).compile()
