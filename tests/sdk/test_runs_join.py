"""runs.join and runs.join_stream"""

from typing import Any

import pytest


async def test_join_waits_for_the_end(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 0.1, "steps": 2})
    assert (await client.runs.join(thread, run["run_id"]))["tick"] == 2


async def test_join_of_a_finished_run_answers_its_thread(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "approval", input={"mode": "none"})
    first = await client.runs.join(thread, run["run_id"])
    assert await client.runs.join(thread, run["run_id"]) == first
    assert first["done"]


async def test_join_of_a_paused_run_answers_the_interrupt(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={})
    run = (await client.runs.list(thread))[0]
    answer = await client.runs.join(thread, run["run_id"])
    assert [each["value"]["action"] for each in answer["__interrupt__"]] == ["approve"]


async def test_stream_of_a_background_run_can_be_joined(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 0.5, "steps": 3})
    parts = [part async for part in client.runs.join_stream(thread, run["run_id"])]
    assert parts[-1].event == "values"
    assert parts[-1].data["tick"] == 3
    assert all(part.id is None for part in parts)


async def test_resumable_stream_is_replayed_whole(client: Any, thread: str) -> None:
    live = [
        part
        async for part in client.runs.stream(
            thread, "slow", input={"seconds": 0, "steps": 2}, stream_mode=["values", "custom"], stream_resumable=True
        )
    ]
    run_id = live[0].data["run_id"]
    for mark in ("-", "-1", "0"):
        again = [part async for part in client.runs.join_stream(thread, run_id, last_event_id=mark)]
        assert again == live
    assert len({part.id for part in live}) == len(live)


async def test_resumable_stream_goes_on_after_an_event(client: Any, thread: str) -> None:
    live = [part async for part in client.runs.stream(thread, "slow", input={"seconds": 0, "steps": 3}, stream_resumable=True)]
    rest = [part async for part in client.runs.join_stream(thread, live[0].data["run_id"], last_event_id=live[2].id)]
    assert rest == live[3:]


async def test_joiner_chooses_among_the_modes(client: Any, thread: str) -> None:
    live = [
        part
        async for part in client.runs.stream(
            thread, "slow", input={"seconds": 0, "steps": 2}, stream_mode=["values", "custom", "updates"], stream_resumable=True
        )
    ]
    run_id = live[0].data["run_id"]
    wanted = ["custom", "updates"]
    again = [part async for part in client.runs.join_stream(thread, run_id, last_event_id="-", stream_mode=wanted)]
    assert [part for part in again if part.event != "metadata"] == [part for part in live if part.event in wanted]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (["messages"], {"messages/metadata", "messages/partial"}),
        (["messages-tuple"], {"messages/metadata", "messages/partial"}),
        (["messages/partial"], {"messages/partial"}),
        (["tasks", "checkpoints"], {"tasks", "checkpoints"}),
        (["debug"], {"debug"}),
        (["events"], {"events"}),
        (["custom"], set()),
    ],
)
async def test_joiners_get_the_modes_they_ask_for(client: Any, thread: str, asked: list[str], shown: set[str]) -> None:
    modes = ["values", "messages", "tasks", "checkpoints", "debug", "events"]
    options = {"input": {"messages": "hello"}, "stream_mode": modes, "stream_resumable": True}
    live = [part async for part in client.runs.stream(thread, "chat", **options)]
    run_id = live[0].data["run_id"]
    parts = [part async for part in client.runs.join_stream(thread, run_id, stream_mode=asked, last_event_id="-")]
    assert {part.event for part in parts} == shown
    assert parts == [part for part in live if part.event in shown]
