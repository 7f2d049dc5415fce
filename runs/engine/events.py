"""The stream mode `events`: LangChain's own events, with the graph's chunks between them in the order of production."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from runs.engine.prepare import Call
from runs.wire.modes import EVENTS

HIDDEN = "langsmith:hidden"


async def with_events(graph: Any, call: Call, **options: Any) -> AsyncGenerator[Any, None]:
    """What `astream` gives, in its form, and each event as a chunk of the mode `events`.

    The graph streams as one of the runnables that are observed: what its own stream event carries is the chunk. The graph runs in a task
    of its own, which ends with this generator.
    """
    root = str(call.config["run_id"])
    async with aclosing(graph.astream_events(call.input, call.config, version="v2", **options)) as events:
        async for event in events:
            if HIDDEN in (event.get("tags") or ()):
                continue
            if event["event"] == "on_chain_stream" and event["run_id"] == root:
                yield event["data"]["chunk"]
            else:
                yield ((), EVENTS, event) if call.subgraphs else (EVENTS, event)
