"""interrupt_before and interrupt_after"""

from typing import Any


async def test_run_stops_before_a_node_and_goes_on(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "approval", input={"mode": "none"}, interrupt_before=["act"])
    assert answer["answers"] == ["planned", "skipped"]
    assert "__interrupt__" not in answer
    assert (await client.threads.get_state(thread))["next"] == ["act"]
    row = await client.threads.get(thread)
    assert (row["status"], row["interrupts"]) == ("interrupted", {})
    assert (await client.runs.wait(thread, "approval", input=None))["done"]


async def test_run_stops_after_a_node(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"}, interrupt_after=["plan"])
    assert (await client.threads.get_state(thread))["next"] == ["ask"]


async def test_star_stops_at_each_node(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"}, interrupt_before="*")
    seen = []
    for _ in range(3):
        seen += (await client.threads.get_state(thread))["next"]
        await client.runs.wait(thread, "approval", input=None, interrupt_before="*")
    assert seen == ["plan", "ask", "act"]
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_such_a_stop_is_a_success(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"}, interrupt_before=["act"])
    assert (await client.runs.list(thread))[0]["status"] == "success"
