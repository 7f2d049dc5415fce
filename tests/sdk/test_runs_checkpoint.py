"""checkpoint and durability"""

from typing import Any

import pytest


async def test_run_from_a_checkpoint_branches_off(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    past = next(state for state in await client.threads.get_history(thread) if state["next"] == ["act"])
    answer = await client.runs.wait(thread, "approval", input=None, checkpoint=past["checkpoint"])
    assert answer["answers"] == ["planned", "skipped", "acted"]
    history = await client.threads.get_history(thread)
    assert sum(state["metadata"]["source"] == "fork" for state in history) >= 1
    assert len(history) > 5


async def test_checkpoint_id_alone_is_enough(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    past = next(state for state in await client.threads.get_history(thread) if state["next"] == ["act"])
    answer = await client.runs.wait(thread, "approval", input=None, checkpoint_id=past["checkpoint"]["checkpoint_id"])
    assert answer["answers"] == ["planned", "skipped", "acted"]


async def test_fork_of_an_update_runs_with_it(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    past = next(state for state in await client.threads.get_history(thread) if state["next"] == ["act"])
    fork = await client.threads.update_state(thread, {"request": "forked"}, checkpoint=past["checkpoint"])
    answer = await client.runs.wait(thread, "approval", input=None, checkpoint=fork["checkpoint"])
    assert (answer["request"], answer["answers"]) == ("forked", ["planned", "skipped", "acted"])


@pytest.mark.parametrize(("durability", "checkpoints"), [("sync", 5), ("async", 5), ("exit", 1)])
async def test_durability_decides_what_is_kept(client: Any, thread: str, durability: str, checkpoints: int) -> None:
    answer = await client.runs.wait(thread, "approval", input={"mode": "none"}, durability=durability)
    assert answer["done"]
    assert len(await client.threads.get_history(thread)) == checkpoints


async def test_interrupt_survives_durability_exit(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={}, durability="exit")
    answer = await client.runs.wait(thread, "approval", command={"resume": "yes"}, durability="exit")
    assert answer["answers"] == ["planned", "yes", "acted"]
