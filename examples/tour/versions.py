"""Assistants and versions: configure a graph without code, change it, roll back.

export LANGGRAPH_API_URL=…  LANGGRAPH_API_KEY=…   (`make up` prints both)
python examples/tour/versions.py
"""

import asyncio
import os
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient


async def report(client: LangGraphClient, assistant_id: str) -> str:
    """What the assistant finds now."""
    values: Any = await client.runs.wait(None, assistant_id, input={"topic": "tea"})
    return str(values["report"])


async def main() -> None:
    """Make, change, roll back, delete."""
    client = get_client(url=os.environ["LANGGRAPH_API_URL"])
    made = await client.assistants.create("research", name="Librarian", context={"sources": ["library"]})
    assistant_id = made["assistant_id"]
    print(f"version {made['version']}: {await report(client, assistant_id)}")

    changed = await client.assistants.update(assistant_id, context={"sources": ["newspapers"]}, metadata={"why": "fresher"})
    print(f"version {changed['version']}: {await report(client, assistant_id)}")

    back = await client.assistants.set_latest(assistant_id, version=1)
    print(f"back to version {back['version']}: {await report(client, assistant_id)}")

    versions = await client.assistants.get_versions(assistant_id)
    print("kept:", [(version["version"], version["context"]["sources"]) for version in versions])
    await client.assistants.delete(assistant_id)


if __name__ == "__main__":
    asyncio.run(main())
