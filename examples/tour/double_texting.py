"""A second message while the first is being answered: the four strategies.

export LANGGRAPH_API_URL=…  LANGGRAPH_API_KEY=…   (`make up` prints both)
python examples/tour/double_texting.py
"""

import asyncio
import os
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError
from langgraph_sdk.schema import MultitaskStrategy

SLOW = {"word_seconds": 0.3}


def human(text: str) -> dict[str, Any]:
    """Input of a graph with messages."""
    return {"messages": [{"role": "user", "content": text}]}


def lines(values: Any) -> list[str]:
    """A conversation to read."""
    return [f"{'you' if message['type'] == 'human' else 'echo'}: {message['content']}" for message in values["messages"]]


async def begin(client: LangGraphClient, thread_id: str) -> str:
    """A run that is in the middle of its answer; its id."""
    said = human("Tell me a long story about tea")
    run = await client.runs.create(thread_id, "echo", input=said, context=SLOW, stream_mode="messages-tuple", stream_resumable=True)
    words = 0
    async for part in client.runs.join_stream(thread_id, run["run_id"], last_event_id="-"):
        words += part.event == "messages"
        if words == 2:
            break
    return run["run_id"]


async def text_twice(client: LangGraphClient, strategy: MultitaskStrategy) -> None:
    """Two messages, and what became of them."""
    thread_id = (await client.threads.create())["thread_id"]
    first = await begin(client, thread_id)
    try:
        second = await client.runs.create(thread_id, "echo", input=human("Make it coffee"), multitask_strategy=strategy)
    except ConflictError as refused:
        print(f"{strategy}: {refused.response.status_code} {refused.response.json()['detail']}")
        await client.runs.join(thread_id, first)
        return
    values: Any = await client.runs.join(thread_id, second["run_id"])
    runs = [run["status"] for run in reversed(await client.runs.list(thread_id))]
    print(f"{strategy}: runs {runs}, {' | '.join(lines(values))}")


async def main() -> None:
    """All four, one after the other."""
    client = get_client(url=os.environ["LANGGRAPH_API_URL"])
    strategies: tuple[MultitaskStrategy, ...] = ("enqueue", "reject", "interrupt", "rollback")
    for strategy in strategies:
        await text_twice(client, strategy)


if __name__ == "__main__":
    asyncio.run(main())
