"""Two people decide the same item at once, one over REST, one with the SDK: one wins, the other is told who, the next gate stays closed"""

import asyncio
import random

import httpx
import pytest

from tenants.actors import Role
from tenants.models import Tenant
from tests import builders
from tests.builders import Person
from tests.races.test_two_answers import answering, assert_one_won, http, paused, some_at_once

__all__ = ["http"]

RACES = 200


@pytest.fixture
def people(tenant: Tenant) -> dict[str, Person]:
    """Who decides as a review, and who answers with the SDK."""
    return {"rest": builders.make_person(tenant, Role.REVIEWER), "sdk": builders.make_person(tenant, Role.ADMIN)}


@pytest.mark.timeout(300)
async def test_rest_against_sdk_at_any_timing(http: httpx.AsyncClient, people: dict[str, Person]) -> None:
    chance = random.Random(11)
    winners: list[str] = []

    async def race(first: str, delay: float) -> None:
        thread, interrupt = await paused(http)
        found = await http.post("/reviews/search", json={"thread_id": thread.removeprefix("/threads/"), "status": "pending"})
        (item,) = found.json()

        async def by_rest(pause: float) -> httpx.Response:
            await asyncio.sleep(pause)
            body = {"decision": "respond", "value": "rest", "idempotency_key": "once"}
            return await http.post(f"/reviews/{item['review_id']}/decide", headers=people["rest"].headers, json=body)

        async def by_sdk(pause: float) -> httpx.Response:
            await asyncio.sleep(pause)
            return await answering(http, thread, people["sdk"].headers, {interrupt: "sdk"})

        pauses = {"rest": delay, "sdk": delay} | {first: 0.0}
        rest, sdk = await asyncio.gather(by_rest(pauses["rest"]), by_sdk(pauses["sdk"]))
        await assert_one_won(http, thread, {"rest": rest, "sdk": sdk})
        winner = "rest" if rest.status_code == 200 else "sdk"
        winners.append(winner)
        identity = people[winner].actor.identity
        told = sdk.json()["answered_by"] if winner == "rest" else rest.json()["closed"]["by"]
        assert told == identity
        closed = (await http.get(f"/reviews/{item['review_id']}")).json()["closed"]
        assert (closed["how"], closed["by"]) == ("answered", identity)

    delays = (0.0, 0.001, 0.003, 0.01, 0.05, 0.2)
    await some_at_once([race(chance.choice(("rest", "sdk")), chance.choice(delays)) for _ in range(RACES)])
    assert set(winners) == {"rest", "sdk"}


async def test_two_reviewers_at_once(http: httpx.AsyncClient, people: dict[str, Person]) -> None:
    async def race() -> None:
        thread, _ = await paused(http)
        found = await http.post("/reviews/search", json={"thread_id": thread.removeprefix("/threads/"), "status": "pending"})
        address = f"/reviews/{found.json()[0]['review_id']}/decide"
        sent = [http.post(address, headers=person.headers, json={"decision": "respond", "value": who}) for who, person in people.items()]
        answers = dict(zip(people, await asyncio.gather(*sent), strict=True))
        await assert_one_won(http, thread, answers)

    await some_at_once([race() for _ in range(40)])
