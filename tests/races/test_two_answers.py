"""Two people answer the same interrupt at once: one wins, and the gate behind it stays closed"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests import builders
from tests.servers import Service, Stack

RACES = 100
AT_ONCE = 10
Answer = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture
def reviewers(tenant: Tenant) -> list[dict[str, str]]:
    """Two people who may answer."""
    return [builders.make_person(tenant, Role.REVIEWER).headers, builders.make_person(tenant, Role.ADMIN).headers]


@pytest.fixture
async def http(live: str, owner: builders.Person) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's HTTP client."""
    async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=60) as client:
        yield client


async def paused(http: httpx.AsyncClient) -> tuple[str, str]:
    """A thread in front of the first of two gates, and the id of that gate's interrupt."""
    thread = f"/threads/{(await http.post('/threads', json={})).json()['thread_id']}"
    answer = await http.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "double"}})
    return thread, answer.json()["__interrupt__"][0]["id"]


async def assert_one_won(http: httpx.AsyncClient, thread: str, answers: dict[str, httpx.Response]) -> None:
    """One 200, one 409; the second gate waits and was told what the winner said."""
    statuses = {who: answer.status_code for who, answer in answers.items()}
    assert sorted(statuses.values()) == [200, 409], {who: answer.text for who, answer in answers.items()}
    winner = next(who for who, status in statuses.items() if status == 200)
    await http.get(f"{thread}/runs/{answers[winner].json()['run_id']}/join")
    state = (await http.get(f"{thread}/state")).json()
    assert [each["value"] for each in state["interrupts"]] == [{"action": "confirm", "after": winner}]
    assert state["values"]["answers"] == ["planned"]
    assert (await http.get(thread)).json()["status"] == "interrupted"


async def some_at_once(races: list[Awaitable[None]]) -> None:
    """All of them, a few at a time."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def limited(race: Awaitable[None]) -> None:
        async with limit:
            await race

    await asyncio.gather(*map(limited, races))


def answering(http: httpx.AsyncClient, thread: str, headers: dict[str, str], resume: Any) -> Awaitable[httpx.Response]:
    """A resume, accepted in the background."""
    return http.post(f"{thread}/runs", headers=headers, json={"assistant_id": "approval", "command": {"resume": resume}})


async def test_by_id_at_any_timing(http: httpx.AsyncClient, reviewers: list[dict[str, str]]) -> None:
    chance = random.Random(7)

    async def race(delay: float) -> None:
        thread, interrupt = await paused(http)

        async def late() -> httpx.Response:
            await asyncio.sleep(delay)
            return await answering(http, thread, reviewers[1], {interrupt: "b"})

        first, second = await asyncio.gather(answering(http, thread, reviewers[0], {interrupt: "a"}), late())
        await assert_one_won(http, thread, {"a": first, "b": second})

    await some_at_once([race(chance.choice((0.0, 0.002, 0.01, 0.05, 0.2))) for _ in range(RACES)])


@pytest.fixture
def people(apart: Stack) -> list[dict[str, str]]:
    """Two developers of a tenant of the stack apart."""
    tenant = builders.make_tenant()
    return [builders.make_person(tenant).headers for _ in range(2)]


@pytest.fixture
def worker(apart: Stack) -> Service:
    """Its only worker."""
    return apart.start_worker()


@pytest.mark.xdist_group("apart")
@pytest.mark.timeout(180)
async def test_bare_value_while_the_worker_is_held(apart: Stack, people: list[dict[str, str]], worker: Service) -> None:
    async with httpx.AsyncClient(base_url=apart.base_url, headers=people[0], timeout=60) as http:
        threads = [thread for thread, _ in await asyncio.gather(*[paused(http) for _ in range(RACES)])]
        worker.freeze()
        answers: dict[str, dict[str, httpx.Response]] = {}

        async def race(thread: str) -> None:
            both = await asyncio.gather(*[answering(http, thread, headers, who) for headers, who in zip(people, "ab", strict=True)])
            answers[thread] = dict(zip("ab", both, strict=True))

        await some_at_once([race(thread) for thread in threads])
        worker.thaw()
        await some_at_once([assert_one_won(http, thread, answers[thread]) for thread in threads])
