"""GET /threads/{thread_id}/stream: what is on the socket."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from runs.streams.connection import sync_redis
from tenants.database.threads import in_database
from tenants.models import ApiKey, Tenant
from tests.builders import make_person, make_tenant, make_thread, now

QUICK = {"assistant_id": "slow", "input": {"seconds": 0, "steps": 1, "tick": 0}}
ALL_MODES = "stream_modes=run_modes,lifecycle,state_update"


class Frames:
    """What has come over an open stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self, seconds: float = 10) -> dict[str, Any]:
        """The next frame; heartbeats are passed over. Raises StopAsyncIteration when the stream has ended."""
        frame: dict[str, Any] = {}
        async with asyncio.timeout(seconds):
            while True:
                line = await anext(self._lines)
                name, _, value = line.partition(": ")
                if not line and "event" in frame:
                    return frame
                if name:
                    frame[name] = orjson.loads(value) if name == "data" else value

    async def until_done(self, runs: int = 1) -> list[dict[str, Any]]:
        """All frames until so many runs are done."""
        frames: list[dict[str, Any]] = []
        while runs:
            frames.append(await self.next())
            runs -= is_done(frames[-1])
        return frames


def is_done(frame: dict[str, Any]) -> bool:
    return bool(frame["event"] == "metadata" and frame["data"].get("status") == "run_done")


def names(frames: list[dict[str, Any]]) -> list[str]:
    return ["run_done" if is_done(frame) else frame["event"] for frame in frames]


@asynccontextmanager
async def opened(http: httpx.AsyncClient, thread: str, query: str = "", **headers: str) -> AsyncIterator[Frames]:
    """A stream of the thread whose reader has subscribed."""
    async with http.stream("GET", f"/threads/{thread}/stream?{query}", headers=headers) as response:
        assert response.status_code == 200
        await listening(thread)
        yield Frames(response)


async def listening(thread: str, readers: int = 1) -> None:
    """Until the thread's channel has a subscriber."""
    async with asyncio.timeout(5):
        while sum(count for _, count in sync_redis().pubsub_numsub(*sync_redis().pubsub_channels(f"thread:*:{thread}"))) < readers:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def new_thread(http: httpx.AsyncClient, **body: Any) -> str:
    return str((await http.post("/threads", json=body)).json()["thread_id"])


async def run(http: httpx.AsyncClient, thread: str, **body: Any) -> str:
    """Start a run in the background."""
    return str((await http.post(f"/threads/{thread}/runs", json=QUICK | body)).json()["run_id"])


async def test_stream_stays_open_over_runs_and_a_state_update(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    async with opened(http, thread, ALL_MODES) as frames:
        first = await run(http, thread, stream_mode=["values", "custom"], stream_resumable=True)
        shown = await frames.until_done()
        updated = await http.post(f"/threads/{thread}/state", json={"values": {"tag": "edited"}})
        update = await frames.next()
        second = await run(http, thread, stream_mode=["updates"])
        shown += [update, *await frames.until_done()]
    assert names(shown) == ["metadata", "values", "custom", "values", "run_done", "state_update", "metadata", "updates", "run_done"]
    assert [frame["data"]["run_id"] for frame in shown if frame["event"] == "metadata"] == [first, first, second, second]
    assert update["data"]["thread_id"] == thread
    assert update["data"]["state"]["checkpoint_id"] == updated.json()["checkpoint_id"]
    assert update["data"]["state"]["values"]["tag"] == "edited"
    ids = [tuple(map(int, frame["id"].split("-"))) for frame in shown]
    assert ids == sorted(set(ids))


async def test_headers_are_those_of_a_stream_that_can_be_resumed(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    async with opened(http, thread, "stream_modes=lifecycle") as frames:
        shown = {name: frames.response.headers.get(name) for name in ("content-type", "cache-control", "x-accel-buffering", "location")}
    assert shown == {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "location": f"/threads/{thread}/stream?stream_modes=lifecycle",
    }


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["metadata", "values", "values", "run_done"]),
        ("stream_modes=run_modes", ["metadata", "values", "values", "run_done"]),
        ("stream_modes=lifecycle", ["metadata", "run_done"]),
        ("stream_mode=lifecycle", ["metadata", "run_done"]),
        ("stream_mode=lifecycle&stream_mode=state_update", ["metadata", "run_done", "state_update"]),
        ("stream_mode=lifecycle,state_update", ["metadata", "run_done", "state_update"]),
        ("stream_mode=%5B%22state_update%22%5D", ["state_update"]),
        (ALL_MODES, ["metadata", "values", "values", "run_done", "state_update"]),
    ],
)
async def test_reader_chooses_modes_in_every_spelling(http: httpx.AsyncClient, query: str, shown: list[str]) -> None:
    thread = await new_thread(http)
    async with opened(http, thread, query) as frames:
        done = await run(http, thread, stream_mode=["values"])
        await http.get(f"/threads/{thread}/runs/{done}/join")
        await http.post(f"/threads/{thread}/state", json={"values": {"tag": "edited"}})
        assert names([await frames.next() for _ in shown]) == shown


@pytest.mark.parametrize(
    ("query", "last", "detail"),
    [
        ("stream_modes=bogus", "-", "Invalid stream mode: bogus"),
        ("stream_mode=run_modes&stream_mode=values", "-", "Invalid stream mode: values"),
        ("", "rubbish", "Invalid last-event-id: must be a valid Redis stream ID"),
    ],
)
async def test_unknown_modes_and_ids_are_refused(http: httpx.AsyncClient, query: str, last: str, detail: str) -> None:
    response = await http.get(f"/threads/{await new_thread(http)}/stream?{query}", headers={"Last-Event-ID": last})
    assert (response.status_code, response.json()) == (422, {"detail": detail})


async def test_replay_shows_resumable_runs_only_and_goes_on(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    for resumable in (True, False, True):
        done = await run(http, thread, stream_mode=["values"], stream_resumable=resumable)
        await http.get(f"/threads/{thread}/runs/{done}/join")
    await http.post(f"/threads/{thread}/state", json={"values": {"tag": "edited"}})
    async with opened(http, thread, ALL_MODES, **{"Last-Event-ID": "-"}) as frames:
        past = await frames.until_done(2)
        await run(http, thread, stream_mode=["values"])
        present = await frames.until_done()
    once = ["metadata", "values", "values", "run_done"]
    assert (names(past), names(present)) == (once * 2, once)
    for at in (1, 4, 6):
        async with opened(http, thread, "", **{"Last-Event-ID": past[at]["id"]}) as frames:
            assert [await frames.next() for _ in past[at + 1 :]] == past[at + 1 :]


async def test_live_frames_have_the_ids_of_their_replay(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    async with opened(http, thread) as frames:
        await run(http, thread, stream_resumable=True, input={"seconds": 0, "steps": 3}, stream_mode=["values", "custom"])
        live = await frames.until_done()
    async with opened(http, thread, **{"Last-Event-ID": "-1"}) as frames:
        assert await frames.until_done() == live


async def test_reader_who_comes_in_the_middle_of_a_quiet_run_sees_the_rest(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    started = await run(http, thread, input={"seconds": 0.4, "steps": 4, "tick": 0}, stream_mode=["values"])
    async with asyncio.timeout(10):
        while (await http.get(f"/threads/{thread}/runs/{started}")).json()["status"] == "pending":
            await asyncio.sleep(0.01)
    async with opened(http, thread) as frames:
        shown = await frames.until_done()
    assert names(shown)[-1] == "run_done"
    assert [frame["data"]["tick"] for frame in shown if frame["event"] == "values"][-1] == 4


async def test_error_and_cancel_end_their_runs_not_the_stream(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    async with opened(http, thread) as frames:
        await run(http, thread, assistant_id="failing", input={"kind": "value", "message": "bad"}, stream_mode=["values"])
        failed = await frames.until_done()
        slow = await run(http, thread, input={"seconds": 20, "steps": 2, "tick": 0}, stream_mode=["values"], stream_resumable=True)
        begun = [await frames.next() for _ in range(2)]
        assert (await http.post(f"/threads/{thread}/runs/{slow}/cancel")).status_code == 202
        stopped = await frames.until_done()
        await run(http, thread, stream_mode=["updates"])
        last = await frames.until_done()
    assert names(failed)[-2:] == ["error", "run_done"]
    assert (names(begun), names(stopped)) == (["metadata", "values"], ["run_done"])
    assert names(last) == ["metadata", "updates", "run_done"]
    async with opened(http, thread, **{"Last-Event-ID": begun[-1]["id"]}) as frames:
        assert await frames.until_done() == stopped


async def test_deleted_thread_closes_its_streams(http: httpx.AsyncClient) -> None:
    thread = await new_thread(http)
    async with opened(http, thread) as frames:
        assert (await http.delete(f"/threads/{thread}")).status_code == 204
        with pytest.raises(StopAsyncIteration):
            await frames.next()


async def test_heartbeat_is_a_comment_after_five_seconds(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", f"/threads/{await new_thread(http)}/stream") as response:
        begun = asyncio.get_running_loop().time()
        assert await anext(response.aiter_raw()) == b": heartbeat\r\n\r\n"
        assert 4 < asyncio.get_running_loop().time() - begun < 7


async def test_revoked_key_ends_its_streams(http: httpx.AsyncClient, tenant: Tenant) -> None:
    async with opened(http, await new_thread(http)) as frames:
        await in_database(ApiKey.objects.for_tenant(tenant.tenant_id).update, revoked_at=now())
        with pytest.raises(StopAsyncIteration):
            await frames.next()


async def test_foreign_and_unknown_threads_do_not_exist(http: httpx.AsyncClient) -> None:
    thread, stranger = await new_thread(http), await in_database(lambda: make_person(make_tenant()))
    answers = [await http.get(f"/threads/{each}/stream", headers=stranger.headers) for each in (thread, str(uuid4()))]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].text.replace(thread, "") == re.sub(r"[0-9a-f-]{36}", "", answers[1].text)
    assert (await http.get("/threads/nope/stream")).json() == {"detail": "Invalid thread ID: must be a UUID"}


async def test_stranger_with_a_thread_of_the_same_id_sees_nothing(http: httpx.AsyncClient, live: str) -> None:
    thread, stranger = await new_thread(http), await in_database(lambda: make_person(make_tenant()))
    async with httpx.AsyncClient(base_url=live, headers=stranger.headers, timeout=30) as theirs:
        assert await new_thread(theirs, thread_id=thread) == thread
        async with opened(theirs, thread, ALL_MODES, **{"Last-Event-ID": "-"}) as spied:
            ours = await run(http, thread, stream_resumable=True)
            await http.get(f"/threads/{thread}/runs/{ours}/join")
            await http.post(f"/threads/{thread}/state", json={"values": {"tag": "secret"}})
            own = await run(theirs, thread)
            shown = await spied.until_done()
    assert {frame["data"].get("run_id") for frame in shown if frame["event"] == "metadata"} == {own}
    assert "secret" not in str(shown)


async def test_open_streams_hold_no_thread_and_no_connection(http: httpx.AsyncClient, tenant: Tenant) -> None:
    threads = [str((await in_database(make_thread, tenant)).thread_id) for _ in range(30)]
    async with asyncio.TaskGroup() as group:
        leave, inside = asyncio.Event(), asyncio.Semaphore(0)

        async def follow(thread: str) -> None:
            async with opened(http, thread):
                inside.release()
                await leave.wait()

        for thread in threads:
            group.create_task(follow(thread))
        for _ in threads:
            await inside.acquire()
        before = len(sync_redis().client_list(_type="pubsub"))
        answers = await asyncio.gather(*[http.get(f"/threads/{thread}") for thread in threads])
        leave.set()
    assert {answer.status_code for answer in answers} == {200}
    assert before <= 8  # web's one, the worker's and Celery's, this process' own
