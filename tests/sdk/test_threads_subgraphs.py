"""threads.get_state, get_history, update_state and runs, in a subgraph"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError


@pytest.fixture
async def waiting(client: Any, thread: str) -> dict[str, Any]:
    """The address of the subgraph `middle`, which waits in its node `gate`."""
    await client.runs.wait(thread, "nested", input={"text": "hi", "pause": True})
    checkpoint: dict[str, Any] = (await client.threads.get_state(thread))["tasks"][0]["checkpoint"]
    return checkpoint


async def test_history_of_a_subgraph(client: Any, thread: str, waiting: dict[str, Any]) -> None:
    history = await client.threads.get_history(thread, checkpoint=waiting)
    assert [state["next"] for state in history] == [["gate"], ["__start__"]]
    assert {state["checkpoint"]["checkpoint_ns"] for state in history} == {waiting["checkpoint_ns"]}
    assert await client.threads.get_history(thread, checkpoint=waiting, before=history[0]["checkpoint"], limit=5) == history[1:]
    found = await client.threads.get_history(thread, checkpoint=waiting, metadata={"source": "input"})
    assert [state["next"] for state in found] == [["__start__"]]


async def test_update_skips_a_node_of_a_subgraph(client: Any, thread: str, waiting: dict[str, Any]) -> None:
    answer = await client.threads.update_state(thread, {"trail": ["gate:skipped"]}, as_node="gate", checkpoint=waiting)
    assert answer["checkpoint"]["checkpoint_ns"] == waiting["checkpoint_ns"]
    state = await client.threads.get_state(thread, checkpoint=waiting)
    assert (state["next"], state["values"]["trail"]) == (["inner"], ["top", "gate:skipped"])
    done = await client.runs.wait(thread, "nested", input=None)
    assert "gate:skipped" in done["trail"] and any(step.startswith("leaf:") for step in done["trail"])
    row = await client.threads.get(thread)
    assert (row["status"], row["interrupts"]) == ("idle", {})


async def test_run_from_a_subgraphs_checkpoint_replays_it(client: Any, thread: str, waiting: dict[str, Any]) -> None:
    start = (await client.threads.get_history(thread, checkpoint=waiting))[-1]["checkpoint"]
    await client.runs.wait(thread, "nested", command={"resume": "first"})
    again = await client.runs.wait(thread, "nested", input=None, checkpoint=start)
    assert again["__interrupt__"][0]["value"] == {"question": "continue?"}
    done = await client.runs.wait(thread, "nested", command={"resume": "second"})
    assert "gate:second" in done["trail"] and "gate:first" not in done["trail"]


async def test_subgraph_that_never_ran_is_not_found(client: Any, thread: str, waiting: dict[str, Any]) -> None:
    nowhere = {**waiting, "checkpoint_ns": f"middle:{uuid4()}"}
    with pytest.raises(NotFoundError):
        await client.threads.update_state(thread, {"trail": []}, as_node="gate", checkpoint=nowhere)
    with pytest.raises(NotFoundError):
        await client.runs.create(thread, "nested", input=None, checkpoint=nowhere)
    assert (await client.threads.get_state(thread, checkpoint=nowhere))["values"] == {}
