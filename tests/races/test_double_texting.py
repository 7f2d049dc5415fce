"""Many people write again before they were answered: 50 threads × 20 messages × each strategy, and every message is accounted for"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import httpx
import pytest

from runs.models import Run, Thread
from tenants.models import AuditEvent, Tenant
from tests.builders import Person
from tests.waiting import until

THREADS = 50
MESSAGES = 20
ALL = list(range(MESSAGES))


@dataclass(frozen=True, slots=True)
class Chat:
    """One thread when all is quiet: how the runs of its accepted messages ended (None: the row is gone), and what its state says."""

    status: dict[int, str | None]
    heard: list[int]
    replied: list[int]

    def ended(self, status: str | None) -> list[int]:
        """The accepted messages whose runs ended so."""
        return [text for text, found in self.status.items() if found == status]


async def write(http: httpx.AsyncClient, strategy: str) -> tuple[str, dict[int, str]]:
    """A thread that gets its messages one after the other, without waiting for replies; the runs of those that were accepted."""
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    accepted: dict[int, str] = {}
    for text in ALL:
        body = {"assistant_id": "texting", "input": {"text": text}, "multitask_strategy": strategy}
        answer = await http.post(f"/threads/{thread}/runs", json=body)
        if answer.status_code == 200:
            accepted[text] = answer.json()["run_id"]
        else:
            assert (answer.status_code, strategy) == (409, "reject"), answer.text
    return thread, accepted


@pytest.fixture
def chats(live: str, tenant: Tenant, owner: Person) -> Callable[[str], list[Chat]]:
    """Writes to all threads at once and waits until nothing is left to do."""

    async def write_all(strategy: str) -> list[tuple[str, dict[int, str]]]:
        limits = httpx.Limits(max_connections=THREADS, keepalive_expiry=1)  # the server closes idle ones after five seconds
        async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=60, limits=limits) as http:
            return await asyncio.gather(*[write(http, strategy) for _ in range(THREADS)])

    def chat_all(strategy: str) -> list[Chat]:
        written = asyncio.run(write_all(strategy))
        runs, threads = Run.objects.for_tenant(tenant.tenant_id), Thread.objects.for_tenant(tenant.tenant_id)
        until("no run is left to do", lambda: not runs.active().exists(), 120)
        assert set(threads.values_list("status", flat=True)) == {"idle"}
        status = {str(run.run_id): run.status for run in runs.only("run_id", "status")}
        values = {str(thread.thread_id): thread.values for thread in threads}
        return [
            Chat({text: status.get(run) for text, run in accepted.items()}, values[thread]["heard"], values[thread]["replied"])
            for thread, accepted in written
        ]

    return chat_all


def assert_once_in_order(texts: list[int]) -> None:
    """None twice, none before an earlier one."""
    assert all(one < other for one, other in pairwise(texts)), texts


@pytest.mark.timeout(180)
def test_enqueue_handles_every_message_once_and_in_order(chats: Callable[[str], list[Chat]]) -> None:
    for chat in chats("enqueue"):
        assert chat.heard == chat.replied == chat.ended("success") == ALL


@pytest.mark.timeout(180)
def test_reject_handles_what_it_accepts_and_nothing_else(chats: Callable[[str], list[Chat]]) -> None:
    found = chats("reject")
    for chat in found:
        assert chat.heard == chat.replied == chat.ended("success") == list(chat.status)
    assert sum(len(chat.status) for chat in found) < THREADS * MESSAGES, "nobody wrote twice at once: this proves nothing"


@pytest.mark.timeout(180)
def test_interrupt_keeps_every_row_and_answers_the_last(chats: Callable[[str], list[Chat]], tenant: Tenant) -> None:
    found = chats("interrupt")
    for chat in found:
        assert sorted(chat.ended("success") + chat.ended("interrupted")) == ALL
        assert chat.ended("success")[-1] == chat.replied[-1] == chat.heard[-1] == ALL[-1]
        assert_once_in_order(chat.heard)
        assert_once_in_order(chat.replied)
        assert set(chat.ended("success")) <= set(chat.replied) <= set(chat.heard), "finished steps stay, those of interrupted runs too"
    interrupted = sum(len(chat.ended("interrupted")) for chat in found)
    assert interrupted > 0, "nobody was interrupted: this proves nothing"
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.cancel").count() == interrupted


@pytest.mark.timeout(180)
def test_rollback_leaves_only_what_had_finished_before_and_the_last(chats: Callable[[str], list[Chat]], tenant: Tenant) -> None:
    found = chats("rollback")
    for chat in found:
        assert chat.ended("success")[-1] == ALL[-1]
        assert chat.heard == chat.replied == chat.ended("success")
        assert sorted(chat.ended("success") + chat.ended(None)) == ALL
    gone = sum(len(chat.ended(None)) for chat in found)
    assert gone > 0, "nothing was rolled back: this proves nothing"
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.cancel").count() == gone
