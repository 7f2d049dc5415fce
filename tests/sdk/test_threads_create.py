"""threads.create"""

from typing import Any
from uuid import UUID, uuid4

import pytest
from langgraph_sdk.errors import ConflictError, UnprocessableEntityError


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


@pytest.mark.parametrize("field", [{"ttl": 5}, {"supersteps": [{"updates": [{"values": {}, "as_node": "__input__"}]}]}])
async def test_what_is_not_built_is_refused(client: Any, field: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableEntityError, match="is not supported yet"):
        await client.threads.create(**field)
