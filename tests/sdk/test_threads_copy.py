"""threads.copy"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import ConflictError


async def test_copy_shows_what_the_original_shows(client: Any) -> None:
    made = await client.threads.create(metadata={"topic": "law"})
    await client.runs.wait(made["thread_id"], "approval", input={"mode": "none"})
    original, copy = await client.threads.get(made["thread_id"]), await client.threads.copy(made["thread_id"])
    assert copy["thread_id"] != original["thread_id"]
    for key in ("metadata", "values", "status", "config", "interrupts"):
        assert copy[key] == original[key], key
    assert await client.runs.list(copy["thread_id"]) == []
    histories = [await client.threads.get_history(row["thread_id"]) for row in (original, copy)]
    assert [state["checkpoint_id"] for state in histories[0]] == [state["checkpoint_id"] for state in histories[1]]


async def test_interrupts_are_answered_in_each(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "refund"})
    copy = (await client.threads.copy(thread))["thread_id"]
    for each, word in ((copy, "in the copy"), (thread, "in the original")):
        done = await client.runs.wait(each, "approval", command={"resume": word})
        assert done["answers"] == ["planned", word, "acted"]


async def test_conversation_goes_on_in_the_copy_alone(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    copy = (await client.threads.copy(thread))["thread_id"]
    await client.threads.update_state(copy, {"answers": ["only here"]})
    assert (await client.threads.get_state(copy))["values"]["answers"][-1] == "only here"
    assert (await client.threads.get_state(thread))["values"]["answers"][-1] == "acted"


async def test_unknown_thread_is_a_conflict_as_recorded(client: Any) -> None:
    with pytest.raises(ConflictError, match="Conflict"):
        await client.threads.copy(str(uuid4()))
