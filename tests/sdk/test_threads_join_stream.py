"""threads.join_stream"""

from typing import Any

from tests.sdk.thread_stream import thread_stream


async def until_done(stream: Any) -> list[Any]:
    """All parts until a run is done."""
    parts = []
    async for part in stream:
        parts.append(part)
        if part.event == "metadata" and part.data.get("status") == "run_done":
            return parts
    return parts


async def test_stream_of_a_thread_shows_what_its_runs_do(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 0.5, "steps": 3, "tick": 0})
    parts = await until_done(await thread_stream(client, thread))
    assert (parts[-2].event, parts[-2].data["tick"]) == ("values", 3)
    assert parts[-1].data == {"status": "run_done", "run_id": run["run_id"]}
    assert all(part.id for part in parts)


async def test_stream_of_a_thread_goes_on_after_an_event(client: Any, thread: str) -> None:
    runs = []
    for _ in range(2):
        runs.append((await client.runs.create(thread, "slow", input={"seconds": 0, "steps": 1}, stream_resumable=True))["run_id"])
        await client.runs.join(thread, runs[-1])
    first = await until_done(await thread_stream(client, thread, last_event_id="-"))
    second = await until_done(await thread_stream(client, thread, last_event_id=first[-1].id))
    assert [part.data["run_id"] for part in first + second if part.event == "metadata"] == [runs[0], runs[0], runs[1], runs[1]]
    rest = await until_done(await thread_stream(client, thread, last_event_id=second[1].id))
    assert rest == second[2:]


async def test_reader_of_a_thread_chooses_modes(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input={"seconds": 0, "steps": 2}, stream_resumable=True)
    await client.runs.join(thread, run["run_id"])
    for modes in ("lifecycle", ["lifecycle", "state_update"]):
        parts = await until_done(await thread_stream(client, thread, last_event_id="-", stream_mode=modes))
        assert [part.event for part in parts] == ["metadata", "metadata"]
