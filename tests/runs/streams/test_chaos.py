"""Readers who leave at random and come back with their last id, while Redis is emptied and cuts its subscribers off"""

import asyncio
import random
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from runs.models import Run, RunEvent
from runs.streams.thread_rows import done
from tenants.database.threads import in_database
from tenants.models import Tenant
from tests.builders import make_person
from tests.servers import Stack

pytestmark = pytest.mark.xdist_group("apart")

RUNS, STEPS = 50, 12
THREADS, RUNS_OF_EACH = 6, 4
Shown = list[tuple[str, str, str]]  # id, event, data
FRAME = re.compile(rb"event: (.*)\r\ndata: (.*)\r\nid: (.*)\r\n\r\n")


@pytest.fixture
async def http(apart: Stack, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A client of web and one worker over a Redis that this test may empty."""
    apart.keep_workers(1) or [apart.start_worker()]
    person = await in_database(make_person, tenant)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=apart.base_url, headers=person.headers, timeout=60, limits=limits) as client:
        yield client


async def started(http: httpx.AsyncClient, thread: str, steps: int) -> str:
    """A resumable run in the background."""
    body = {"assistant_id": "slow", "input": {"seconds": 0.15, "steps": steps, "tick": 0}, "stream_resumable": True}
    answer = await http.post(f"/threads/{thread}/runs", json=body | {"stream_mode": ["values", "custom", "updates"]})
    return str(answer.json()["run_id"])


async def new_thread(http: httpx.AsyncClient) -> str:
    return str((await http.post("/threads", json={})).json()["thread_id"])


async def read(http: httpx.AsyncClient, path: str, chance: random.Random, dones: int | None = None) -> tuple[Shown, int]:
    """All that was shown over many connections, until the stream ended or told of so many runs that are done; and how many there were."""
    shown: Shown = []
    connections = 0
    while True:
        connections += 1
        last = shown[-1][0] if shown else "-"
        patience = chance.randint(1, 12)
        raw = b""
        async with http.stream("GET", path, headers={"Last-Event-ID": last}) as response:
            assert response.status_code == 200
            async for part in response.aiter_raw():
                raw += part
                frames = FRAME.findall(raw)
                if len(frames) >= patience or (dones is not None and count_done(shown) + count_frames(frames) >= dones):
                    break
            else:
                patience = 0
        # What was half read when the client left is asked for again.
        shown += [(id.decode(), event.decode(), data.decode()) for event, data, id in FRAME.findall(raw)]
        if not patience or (dones is not None and count_done(shown) >= dones):
            return shown, connections
        await asyncio.sleep(chance.uniform(0, 0.2))


def count_frames(frames: list[tuple[bytes, bytes, bytes]]) -> int:
    return sum(b"run_done" in data for _, data, _ in frames)


def count_done(shown: Shown) -> int:
    return sum("run_done" in data for _, _, data in shown)


async def empty(apart: Stack) -> None:
    """Again and again Redis loses everything it holds, its subscribers, and whoever is just telling it something."""
    chance = random.Random(4)
    while True:
        await asyncio.sleep(chance.uniform(0.1, 0.4))
        await asyncio.to_thread(apart.flush_redis)
        await asyncio.sleep(chance.uniform(0.1, 0.4))
        await asyncio.to_thread(cut_off, apart)


def cut_off(apart: Stack) -> None:
    with apart.redis() as client:
        for kind in ("pubsub", "normal"):
            client.client_kill_filter(_type=kind, skipme=True)


def stored(tenant: Tenant, run_id: str) -> Shown:
    """The run's events as rows have them."""
    rows = RunEvent.objects.for_tenant(tenant.tenant_id).filter(run_id=run_id).order_by("epoch_ms", "n")
    return [(f"{row.epoch_ms}-{row.n}", row.event, bytes(row.data).decode()) for row in rows]


def stored_of_thread(tenant: Tenant, thread: str) -> Shown:
    """The events of all its runs, each followed by the word that it is done."""
    runs = Run.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread).order_by("epoch_ms")
    found: Shown = []
    for run in runs:
        events = stored(tenant, str(run.run_id))
        cursor = (int(run.epoch_ms or 0), len(events) + 1)
        found += [*events, (f"{cursor[0]}-{cursor[1]}", "metadata", done(run.run_id, cursor).data.decode())]
    return found


async def test_readers_see_every_event_of_runs_and_threads_once_and_in_order(apart: Stack, http: httpx.AsyncClient, tenant: Tenant) -> None:
    runs = {await started(http, thread, STEPS): thread for thread in [await new_thread(http) for _ in range(RUNS)]}
    threads = [await new_thread(http) for _ in range(THREADS)]
    for thread in threads * RUNS_OF_EACH:
        await started(http, thread, STEPS // RUNS_OF_EACH)
    emptying = asyncio.create_task(empty(apart))
    of_runs = [read(http, f"/threads/{thread}/runs/{run}/stream", random.Random(seed)) for seed, (run, thread) in enumerate(runs.items())]
    of_threads = [read(http, f"/threads/{thread}/stream", random.Random(seed), RUNS_OF_EACH) for seed, thread in enumerate(threads)]
    answers = await asyncio.gather(*of_runs, *of_threads)
    emptying.cancel()
    assert sum(connections for _, connections in answers) > 2 * (RUNS + THREADS)
    for run, (shown, _) in zip(runs, answers, strict=False):
        assert shown == await in_database(stored, tenant, run)
        assert len(shown) == 1 + 1 + 3 * STEPS  # metadata, values after the input, then values, custom and updates of each step
    for thread, (shown, _) in zip(threads, answers[RUNS:], strict=True):
        assert shown == await in_database(stored_of_thread, tenant, thread)
        assert count_done(shown) == RUNS_OF_EACH
