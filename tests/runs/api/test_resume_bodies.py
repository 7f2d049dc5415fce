"""Bodies that answer an interrupt: whatever stands beside the command, the answer counts and nothing else does"""

from typing import Any
from uuid import UUID

import httpx
import pytest

from runs.models import Decision, Interrupt
from tenants.models import Tenant

FULL = {"mode": "form", "note": "from the input"}
FORMS: dict[str, tuple[str, Any, Any]] = {
    "false": ("plain", False, False),
    "zero": ("plain", 0, 0),
    "empty text": ("plain", "", ""),
    "empty list": ("plain", [], []),
    "empty object": ("plain", {}, {}),
    "inbox list": ("inbox", [{"type": "accept", "args": None}], {"type": "accept", "args": None}),
    "form": ("form", {"amount": 0}, {"amount": 0}),
}
BESIDE: dict[str, dict[str, Any]] = {"nothing": {}, "null": {"input": None}, "empty": {"input": {}}, "full": {"input": FULL}}


def paused(web: httpx.Client, mode: str = "plain") -> tuple[str, str]:
    """The address of a thread that waits, and the interrupt's id."""
    thread = f"/threads/{web.post('/threads', json={}).json()['thread_id']}"
    answer = web.post(f"{thread}/runs/wait", json={"assistant_id": "review", "input": {"mode": mode}}).json()
    return thread, answer["__interrupt__"][0]["id"]


def answer(web: httpx.Client, thread: str, resume: Any, **body: Any) -> httpx.Response:
    """Send it and wait."""
    return web.post(f"{thread}/runs/wait", json={"assistant_id": "review", "command": {"resume": resume}} | body)


def rows(tenant: Tenant, thread: str) -> list[tuple[str, str]]:
    """Id and status of the thread's interrupts."""
    found = Interrupt.objects.for_tenant(tenant.tenant_id).filter(thread_id=UUID(thread.removeprefix("/threads/")))
    return list(found.values_list("interrupt_id", "status"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("beside", BESIDE)
def test_the_command_wins(web: httpx.Client, tenant: Tenant, form: str, beside: str) -> None:
    mode, resume, got = FORMS[form]
    thread, interrupt = paused(web, mode)
    by_id = beside in ("null", "full")
    values = answer(web, thread, {interrupt: resume} if by_id else resume, **BESIDE[beside]).json()
    assert values == {"mode": mode, "answer": got, "note": "acted, plain"}
    assert rows(tenant, thread) == [(interrupt, "resolved")]
    assert [decision.value for decision in Decision.objects.for_tenant(tenant.tenant_id)] == [resume]


def test_null_alone_answers_nothing(web: httpx.Client, tenant: Tenant) -> None:
    """The clients drop nulls, so nobody can mean one: the run goes on without an answer and is asked again. By id null is an answer."""
    thread, interrupt = paused(web)
    again = answer(web, thread, None).json()
    assert [each["id"] for each in again["__interrupt__"]] == [interrupt]
    assert rows(tenant, thread) == [(interrupt, "pending")]
    assert answer(web, thread, {interrupt: None}).json() == {"mode": "plain", "answer": None, "note": "acted, plain"}


@pytest.mark.parametrize("route", ["/runs", "/runs/wait", "/runs/stream"])
def test_an_answer_that_does_not_fit_is_refused_on_every_route(web: httpx.Client, tenant: Tenant, route: str) -> None:
    thread, interrupt = paused(web, "form")
    body = {"assistant_id": "review", "command": {"resume": {"amount": "much"}}}
    refused = web.post(f"{thread}{route}", json=body)
    assert refused.status_code == 422
    assert interrupt in refused.json()["detail"]
    assert rows(tenant, thread) == [(interrupt, "pending")]
    assert web.get(f"{thread}").json()["status"] == "interrupted"
    assert answer(web, thread, {"amount": 1}).json()["answer"] == {"amount": 1}


def test_an_id_is_answered_once(web: httpx.Client) -> None:
    thread, interrupt = paused(web)
    assert answer(web, thread, {"0" * 32: "x"}).status_code == 422
    assert answer(web, thread, {interrupt: "x"}).status_code == 200
    assert answer(web, thread, {interrupt: "y"}).status_code == 409


@pytest.mark.parametrize("close", ["goto", "update"])
def test_closing_a_thread_supersedes_what_it_waits_for(web: httpx.Client, tenant: Tenant, close: str) -> None:
    thread, interrupt = paused(web)
    if close == "goto":
        web.post(f"{thread}/runs/wait", json={"assistant_id": "review", "input": {}, "command": {"goto": "__end__"}})
    else:
        web.post(f"{thread}/state", json={"values": None, "as_node": "__end__"})
    assert rows(tenant, thread) == [(interrupt, "superseded")]
    row = web.get(thread).json()
    assert (row["status"], row["interrupts"], web.get(f"{thread}/state").json()["next"]) == ("idle", {}, [])
    assert answer(web, thread, {interrupt: "too late"}).status_code == 409
