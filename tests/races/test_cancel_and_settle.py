"""A run is ended while it ends by itself: one of the two happens, never both, never neither"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from runs.models import Run, Thread
from tenants.models import AuditEvent, Tenant
from tests.builders import Person
from tests.waiting import until

THREADS = 20
TURNS = 10
WAYS = {"interrupt": 202, "rollback": 202, "delete": 204}


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a thread, the way in which it was ended from outside, and what that answered."""

    thread: str
    text: int
    run_id: str
    way: str
    status: int


async def play(http: httpx.AsyncClient, chance: random.Random) -> list[Turn]:
    """A thread whose runs are ended one after the other, at any moment of their lives."""
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    turns = []
    for text in range(TURNS):
        body = {"assistant_id": "texting", "input": {"text": text}}
        run_id = (await http.post(f"/threads/{thread}/runs", json=body)).json()["run_id"]
        await asyncio.sleep(chance.uniform(0, 0.1))
        way = chance.choice(list(WAYS))
        at = f"/threads/{thread}/runs/{run_id}"
        answer = await (http.delete(at) if way == "delete" else http.post(f"{at}/cancel?action={way}"))
        assert answer.status_code in (WAYS[way], 404), answer.text
        turns.append(Turn(thread, text, run_id, way, answer.status_code))
    return turns


@pytest.fixture
def turns(live: str, tenant: Tenant, owner: Person) -> list[Turn]:
    """All of them, when nothing is left to do."""

    async def play_all() -> list[list[Turn]]:
        limits = httpx.Limits(max_connections=THREADS, keepalive_expiry=1)
        async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=60, limits=limits) as http:
            return await asyncio.gather(*[play(http, random.Random(seed)) for seed in range(THREADS)])

    played = asyncio.run(play_all())
    until("no run is left to do", lambda: not Run.objects.for_tenant(tenant.tenant_id).active().exists(), 60)
    return [turn for thread in played for turn in thread]


@pytest.mark.timeout(120)
def test_each_run_ends_once_as_its_caller_was_told(turns: list[Turn], tenant: Tenant) -> None:
    rows = dict(Run.objects.for_tenant(tenant.tenant_id).values_list("run_id", "status"))
    status = {str(run_id): found for run_id, found in rows.items()}
    settled, cancelled = audited(tenant, "run.settle"), audited(tenant, "run.cancel")
    for turn in turns:
        came_first = turn.status != 404 and turn.way != "delete"
        expected = {"interrupt": "interrupted", "rollback": None, "delete": None}[turn.way] if turn.status != 404 else "success"
        assert status.get(turn.run_id) == expected, turn
        assert cancelled[turn.run_id] == came_first, turn
        assert settled[turn.run_id] + cancelled[turn.run_id] == 1 or (turn.way == "delete" and settled[turn.run_id] <= 1), turn
    assert {turn.status for turn in turns} > {404}, "nothing was ended from outside, or everything: this proves nothing"


@pytest.mark.timeout(120)
def test_the_state_holds_what_stayed_and_nothing_of_what_was_removed(turns: list[Turn], tenant: Tenant) -> None:
    threads: Any = Thread.objects.for_tenant(tenant.tenant_id)
    values = {str(thread.thread_id): thread.values or {} for thread in threads}
    for thread, found in values.items():
        own = [turn for turn in turns if turn.thread == thread]
        removed = {turn.text for turn in own if turn.way != "interrupt" and turn.status != 404}
        finished = {turn.text for turn in own if turn.status == 404}
        replied = found.get("replied", [])
        assert replied == sorted(set(replied)), "each at most once, in order"
        assert not removed & set(replied)
        assert not removed & set(found.get("heard", []))
        assert finished <= set(replied)
    assert {thread.status for thread in threads} <= {"idle", "interrupted"}


def audited(tenant: Tenant, action: str) -> Counter[str]:
    """How often the audit log has this of each run."""
    return Counter(AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action=action).values_list("target_id", flat=True))
