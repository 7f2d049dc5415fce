"""Long-term memory: two assistants of one graph remember a person over all threads, each for itself.

export LANGGRAPH_API_URL=…  LANGGRAPH_API_KEY=…   (`make up` prints both)
python examples/tour/memory.py
"""

import asyncio
import os
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient


async def assistant(client: LangGraphClient, category: str) -> str:
    """The assistant of a category, made once; its id."""
    made = await client.assistants.create(
        "task_maistro",
        assistant_id=str(uuid5(NAMESPACE_URL, f"task_maistro/{category}")),
        name=category,
        context={"todo_category": category, "role": f"You help with {category} matters only."},
        if_exists="do_nothing",
    )
    return made["assistant_id"]


async def say(client: LangGraphClient, assistant_id: str, user: str, text: str) -> str:
    """The answer to one message in a thread of its own."""
    said = {"messages": [{"role": "user", "content": text}]}
    thread = await client.threads.create()
    values: Any = await client.runs.wait(thread["thread_id"], assistant_id, input=said, context={"user_id": user})
    return str(values["messages"][-1]["content"])


async def main() -> None:
    """A day with two lists."""
    client = get_client(url=os.environ["LANGGRAPH_API_URL"])
    user = f"ada-{uuid4().hex[:8]}"
    personal, work = await assistant(client, "personal"), await assistant(client, "work")
    print("work:", await say(client, work, user, "I have to write the report by Friday. Always number my to-dos."))
    print("personal:", await say(client, personal, user, "I have to water the plants."))
    print("work, new thread:", await say(client, work, user, "What is on my list?"))
    print("personal, new thread:", await say(client, personal, user, "What is on my list?"))
    print("work, done:", await say(client, work, user, "I finished write the report. What is on my list?"))
    found = await client.store.search_items(("memory", user))
    for item in sorted(found["items"], key=lambda item: item["namespace"]):
        print("stored:", "/".join(item["namespace"][2:]), item["value"])


if __name__ == "__main__":
    asyncio.run(main())
