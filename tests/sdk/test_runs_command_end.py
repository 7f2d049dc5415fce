"""command.goto the end, and a state update as the end: what chat UIs send to close a thread that waits"""

from typing import Any

import pytest

from tests.sdk.test_runs_command import pending


async def paused(client: Any, thread: str, mode: str = "single") -> None:
    """Stop where the graph asks."""
    await client.runs.wait(thread, "approval", input={"mode": mode})


async def closed(client: Any, thread: str) -> dict[str, Any]:
    """The thread's row, of which nothing is left to do."""
    row: dict[str, Any] = await client.threads.get(thread)
    state = await client.threads.get_state(thread)
    assert (row["status"], row["interrupts"], state["next"], state["interrupts"]) == ("idle", {}, [], [])
    assert row["values"] == state["values"]
    return row


@pytest.mark.parametrize("goto", ["__end__", ["__end__"]])
@pytest.mark.parametrize("input", [None, {}], ids=["null", "empty"])
async def test_goto_the_end_drops_what_waits(client: Any, thread: str, goto: Any, input: Any) -> None:
    await paused(client, thread)
    answer = await client.runs.wait(thread, "approval", input=input, command={"goto": goto})
    assert answer == {"mode": "single", "answers": ["planned"]}
    await closed(client, thread)


async def test_all_parallel_questions_are_dropped(client: Any, thread: str) -> None:
    await paused(client, thread, "parallel")
    assert len(await pending(client, thread)) == 2
    await client.runs.wait(thread, "approval", command={"goto": "__end__"})
    await closed(client, thread)


async def test_an_update_is_kept(client: Any, thread: str) -> None:
    await paused(client, thread)
    answer = await client.runs.wait(
        thread, "approval", command={"goto": "__end__", "update": {"request": "closed", "answers": ["by hand"]}}
    )
    assert (answer["request"], answer["answers"]) == ("closed", ["planned", "by hand"])
    assert (await closed(client, thread))["values"]["request"] == "closed"


async def test_an_interrupt_inside_a_subgraph_is_dropped(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "nested", input={"text": "hi", "pause": True})
    await client.runs.wait(thread, "nested", command={"goto": "__end__"})
    await closed(client, thread)


async def test_it_streams_the_values_that_stay(client: Any, thread: str) -> None:
    await paused(client, thread)
    parts = [
        (part.event, part.data)
        async for part in client.runs.stream(thread, "approval", command={"goto": "__end__"}, stream_mode=["values", "updates"])
    ]
    assert parts[1:] == [("values", {"mode": "single", "answers": ["planned"]})]


async def test_a_closed_thread_takes_new_input(client: Any, thread: str) -> None:
    await paused(client, thread)
    await client.runs.wait(thread, "approval", command={"goto": "__end__"})
    answer = await client.runs.wait(thread, "approval", input={"mode": "none"})
    assert answer["answers"] == ["planned", "planned", "skipped", "acted"]


async def test_an_answer_is_used_before_the_end(client: Any, thread: str) -> None:
    await paused(client, thread)
    answer = await client.runs.wait(thread, "approval", command={"resume": "yes", "goto": "__end__"})
    assert answer["answers"] == ["planned", "yes", "acted"]
    await closed(client, thread)


async def test_a_finished_thread_stays_as_it_is(client: Any, thread: str) -> None:
    await paused(client, thread, "none")
    before = await client.threads.get_state(thread)
    assert await client.runs.wait(thread, "approval", command={"goto": "__end__"}) == before["values"]
    assert (await closed(client, thread))["values"] == before["values"]


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
async def test_every_durability_keeps_it(client: Any, thread: str, durability: str) -> None:
    await paused(client, thread)
    await client.runs.wait(thread, "approval", command={"goto": "__end__"}, durability=durability)
    await closed(client, thread)


@pytest.mark.parametrize("mode", ["single", "parallel"])
async def test_a_state_update_as_the_end_drops_what_waits(client: Any, thread: str, mode: str) -> None:
    await paused(client, thread, mode)
    await client.threads.update_state(thread, None, as_node="__end__")
    assert (await closed(client, thread))["values"]["answers"] == ["planned"]
