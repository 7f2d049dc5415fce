"""The official SDK against a running server: stream, wait for a run, let a person decide, fork.

export LANGGRAPH_API_URL=…  LANGGRAPH_API_KEY=…   (`make up` prints both)
python examples/quickstart.py
"""

import asyncio
import os
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient


def human(text: str) -> dict[str, Any]:
    """Input of a graph with messages."""
    return {"messages": [{"role": "user", "content": text}]}


def last_text(values: Any) -> str:
    """The text of the newest message."""
    return str(values["messages"][-1]["content"])


async def stream_tokens(client: LangGraphClient, thread_id: str) -> None:
    """A run whose answer arrives token by token."""
    print("Streaming: ", end="", flush=True)
    said = human("Every token of this sentence arrives on its own.")
    async for part in client.runs.stream(thread_id, "echo", input=said, stream_mode="messages-tuple"):
        if part.event == "messages":
            chunk, _ = part.data
            print(chunk["content"], end="|" if chunk["content"] else "", flush=True)
    print()


async def run_in_background(client: LangGraphClient, thread_id: str) -> None:
    """A run that nobody waits for, until somebody does."""
    run = await client.runs.create(thread_id, "echo", input=human("You need not wait for me."))
    print(f"Background run: accepted as {run['status']}", end=", ")
    values = await client.runs.join(thread_id, run["run_id"])
    run = await client.runs.get(thread_id, run["run_id"])
    print(f"ended with {run['status']}: {last_text(values)!r}")


async def ask_a_person(client: LangGraphClient) -> None:
    """A run that pauses for a decision and goes on with it."""
    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "support", input=human("Please refund order 1234"))
    state = await client.threads.get_state(thread["thread_id"])
    question = state["interrupts"][0]
    print(f"Paused: {question['value']['action']} with {question['value']['args']}?")
    # By its id, so that two people who decide at once cannot both be right: the second is told 409.
    decision = {question["id"]: {"type": "approve"}}
    values = await client.runs.wait(thread["thread_id"], "support", command={"resume": decision})
    print(f"Resumed: {last_text(values)!r}")


async def fork(client: LangGraphClient, thread_id: str) -> None:
    """Another turn from an earlier checkpoint; the later ones stay in the history."""
    history = await client.threads.get_history(thread_id, limit=100)
    first_turn = [state for state in history if len(state["values"].get("messages", [])) == 2 and not state["next"]][-1]
    values: Any = await client.runs.wait(
        thread_id, "echo", input=human("What if I had said this instead?"), checkpoint=first_turn["checkpoint"]
    )
    texts = [message["content"] for message in values["messages"] if message["type"] == "human"]
    print(f"Forked after the first turn: {texts}")


async def main() -> None:
    """All of it."""
    client = get_client(url=os.environ["LANGGRAPH_API_URL"])  # takes LANGGRAPH_API_KEY by itself
    thread = await client.threads.create()
    print(f"Thread {thread['thread_id']}")
    await stream_tokens(client, thread["thread_id"])
    await run_in_background(client, thread["thread_id"])
    await ask_a_person(client)
    await fork(client, thread["thread_id"])


if __name__ == "__main__":
    asyncio.run(main())
