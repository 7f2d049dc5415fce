"""threads.get_state"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError


async def test_empty_thread_has_an_empty_state(client: Any, thread: str) -> None:
    state = await client.threads.get_state(thread)
    assert (state["values"], state["next"], state["tasks"], state["checkpoint"]) == ({}, [], [], None)


async def test_paused_thread_shows_what_it_waits_for(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "r"})
    state = await client.threads.get_state(thread)
    assert state["values"] == {"request": "r", "answers": ["planned"]}
    assert state["next"] == ["ask"]
    assert state["interrupts"] == state["tasks"][0]["interrupts"]
    assert state["interrupts"][0]["value"] == {"action": "approve", "request": "r"}
    assert state["metadata"]["graph_id"] == "approval"
    assert state["checkpoint"]["thread_id"] == thread


async def test_state_at_a_checkpoint(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    past = (await client.threads.get_history(thread))[1]
    for found in (
        await client.threads.get_state(thread, checkpoint=past["checkpoint"]),
        await client.threads.get_state(thread, checkpoint_id=past["checkpoint"]["checkpoint_id"]),
    ):
        assert found["values"] == past["values"]
        assert found["next"] == past["next"] == ["act"]


async def test_subgraph_state_is_nested_when_asked_for(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "nested", input={"text": "hi", "pause": True})
    task = (await client.threads.get_state(thread, subgraphs=True))["tasks"][0]
    assert task["state"]["next"] == ["gate"]
    assert task["state"]["values"]["trail"] == ["top"]
    plain = (await client.threads.get_state(thread))["tasks"][0]
    inside = await client.threads.get_state(thread, checkpoint=plain["checkpoint"])
    assert inside["next"] == ["gate"]


async def test_unknown_thread_does_not_exist(client: Any) -> None:
    with pytest.raises(NotFoundError):
        await client.threads.get_state(str(uuid4()))
