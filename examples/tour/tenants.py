"""Two tenants on one server: the second sees nothing of the first, not even that it is there.

export LANGGRAPH_API_URL=…  LANGGRAPH_API_KEY=…   (`make up` prints both)
python examples/tour/tenants.py

The second tenant's key comes from OTHER_API_KEY; without it, `make manage` makes a tenant Globex and a key.
"""

import asyncio
import os
import subprocess

from langgraph_sdk import get_client
from langgraph_sdk.errors import NotFoundError


def other_key() -> str:
    """A developer's key of another tenant."""
    if given := os.environ.get("OTHER_API_KEY"):
        return given
    # Made by an earlier visit: then this one fails, which is as good.
    subprocess.run(["make", "-s", "manage", "ARGS=tenant create Globex"], check=False, capture_output=True)
    made = ["make", "-s", "manage", "ARGS=apikey create globex --role developer"]
    return subprocess.run(made, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()


async def main() -> None:
    """One thread, seen from both sides."""
    url = os.environ["LANGGRAPH_API_URL"]
    ours, theirs = get_client(url=url), get_client(url=url, api_key=other_key())
    thread_id = (await ours.threads.create(metadata={"for": "our eyes only"}))["thread_id"]
    await ours.runs.wait(thread_id, "echo", input={"messages": [{"role": "user", "content": "a secret"}]})
    print("we find:", len(await ours.threads.search(ids=[thread_id])))
    print("they find:", len(await theirs.threads.search(ids=[thread_id])))
    try:
        await theirs.threads.get(thread_id)
    except NotFoundError as refused:
        print("they ask for it:", refused.response.status_code, refused.response.json()["detail"].replace(thread_id, "<its id>"))
    taken = await theirs.threads.create(thread_id=thread_id)
    print("they may even use the same id:", taken["values"])
    print("ours is untouched:", [message["content"] for message in (await ours.threads.get_state(thread_id))["values"]["messages"]])
    await theirs.threads.delete(thread_id)


if __name__ == "__main__":
    asyncio.run(main())
