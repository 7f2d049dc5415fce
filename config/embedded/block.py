"""What `make up` prints when everything runs: an address, a key, and two first requests to paste."""

import shlex
import sys
from typing import TypedDict


class Running(TypedDict):
    """What a second `make up` needs to print the first one's block."""

    url: str
    api_key: str
    tenant: str
    data: str
    logs: str
    database: str
    redis: str


_BLOCK = """
Holdfast runs at {url}   (tenant {tenant})
API docs         {url}/docs

export LANGGRAPH_API_URL={shell_url}
export LANGGRAPH_API_KEY={shell_key}

A first request:

curl -s "$LANGGRAPH_API_URL/runs/wait" -H "X-Api-Key: $LANGGRAPH_API_KEY" -H "Content-Type: application/json" \\
  -d '{{"assistant_id": "echo", "input": {{"messages": [{{"role": "user", "content": "hello"}}]}}}}'

The same with the official SDK:

{python} - <<'END'
import os
from langgraph_sdk import get_sync_client

client = get_sync_client(url=os.environ["LANGGRAPH_API_URL"])
message = {{"role": "user", "content": "hello"}}
thread = client.threads.create()
for part in client.runs.stream(thread["thread_id"], "echo", input={{"messages": [message]}}, stream_mode="values"):
    print(part.event, part.data)
END

Database   {database}
Redis      {redis}
Data       {data}
Logs       {logs}
Stop       {stop}
"""


def block(running: Running, elsewhere: int | None = None) -> str:
    """The text; `elsewhere` is the process to stop when it runs in another terminal."""
    return _BLOCK.format(
        **running,
        shell_url=shlex.quote(running["url"]),
        shell_key=shlex.quote(running["api_key"]),
        python=shlex.quote(sys.executable),
        stop="Ctrl-C" if elsewhere is None else f"Ctrl-C in the terminal where it runs, or: kill {elsewhere}",
    )
