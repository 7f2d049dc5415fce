"""threads.create"""

from typing import Any
from uuid import UUID, uuid4

import pytest
from langgraph_sdk.errors import BadRequestError, ConflictError, UnprocessableEntityError


async def test_thread_is_made_with_an_id_of_its_own(client: Any) -> None:
    made = await client.threads.create()
    assert UUID(made["thread_id"]).version == 7
    assert (made["status"], made["values"], made["metadata"]) == ("idle", None, {})


async def test_callers_id_and_metadata_are_kept(client: Any) -> None:
    wanted = str(uuid4())
    made = await client.threads.create(thread_id=wanted, metadata={"topic": "law"}, graph_id="chat")
    assert made["thread_id"] == wanted
    assert made["metadata"] == {"topic": "law", "graph_id": "chat"}


async def test_known_id_is_refused(client: Any, thread: str) -> None:
    with pytest.raises(ConflictError, match="already exists"):
        await client.threads.create(thread_id=thread)


async def test_known_id_is_returned_unchanged_when_asked_for(client: Any) -> None:
    first = await client.threads.create(metadata={"a": 1})
    again = await client.threads.create(thread_id=first["thread_id"], metadata={"a": 2}, if_exists="do_nothing")
    assert again["metadata"] == {"a": 1}
    assert again["created_at"] == first["created_at"]


async def test_what_is_not_built_is_refused(client: Any) -> None:
    with pytest.raises(UnprocessableEntityError, match="is not supported yet"):
        await client.threads.create(ttl=5)


async def test_thread_can_be_made_with_its_history(client: Any) -> None:
    steps = [
        {"updates": [{"values": {"tick": 1, "tag": "imported"}, "as_node": "__input__"}]},
        {"updates": [{"values": {"tick": 2}, "as_node": "work"}]},
    ]
    made = await client.threads.create(graph_id="slow", supersteps=steps)
    assert (made["status"], made["values"]) == ("interrupted", {"tick": 2})
    history = await client.threads.get_history(made["thread_id"])
    assert [(state["values"], state["next"]) for state in history] == [({"tick": 2}, ["work"]), ({}, ["__start__"])]
    done = await client.runs.wait(made["thread_id"], "slow", input=None)
    assert done["tick"] == 3


async def test_history_that_the_graph_refuses_makes_no_thread(client: Any) -> None:
    wanted = str(uuid4())
    steps = [{"updates": [{"values": {"tick": 1}, "as_node": "__input__"}]}, {"updates": [{"values": {}, "as_node": "ghost"}]}]
    for graph in ({"graph_id": "slow"}, {}):
        with pytest.raises(BadRequestError):
            await client.threads.create(thread_id=wanted, supersteps=steps, **graph)
        assert await client.threads.search(ids=[wanted]) == []
