"""Runs and state over HTTP, with a worker."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.waiting import until

SLOW = {"assistant_id": "slow", "input": {"seconds": 0, "steps": 2, "tag": "a"}}


@pytest.fixture
def thread(web: httpx.Client) -> str:
    """The path of a new thread."""
    return f"/threads/{web.post('/threads', json={}).json()['thread_id']}"


def status(web: httpx.Client, path: str) -> str:
    """`status` of a thread or run."""
    found: str = web.get(path).json()["status"]
    return found


def test_a_background_run_answers_with_its_row(web: httpx.Client, thread: str) -> None:
    made = web.post(f"{thread}/runs", json=SLOW | {"metadata": {"k": "v"}})
    row = made.json()
    assert made.status_code == 200 and made.headers["content-location"] == f"{thread}/runs/{row['run_id']}"
    assert (row["status"], row["multitask_strategy"], row["metadata"]["k"]) == ("pending", "enqueue", "v")
    until("the run has ended", lambda: status(web, made.headers["content-location"]) == "success")
    assert web.get(f"{thread}/runs?select=run_id&select=status").json() == [{"run_id": row["run_id"], "status": "success"}]
    assert status(web, thread) == "idle"


def test_state_and_history_of_a_run(web: httpx.Client, thread: str) -> None:
    assert web.post(f"{thread}/runs/wait", json=SLOW).json() == {"seconds": 0, "steps": 2, "tick": 2, "tag": "a"}
    state = web.get(f"{thread}/state").json()
    assert (state["values"]["tick"], state["next"], state["metadata"]["source"]) == (2, [], "loop")
    history = web.get(f"{thread}/history?limit=10").json()
    assert [one["values"].get("tick") for one in history] == [2, 1, None, None]
    again = web.post(f"{thread}/history", json={"limit": 10, "before": history[1]["checkpoint_id"]}).json()
    assert [one["checkpoint_id"] for one in again] == [one["checkpoint_id"] for one in history[2:]]
    at = web.get(f"{thread}/state/{history[1]['checkpoint_id']}").json()
    assert (at["next"], at["tasks"][0]["result"]) == (["work"], {"tick": 2})
    assert web.post(f"{thread}/state/checkpoint", json={"checkpoint": history[1]["checkpoint"]}).json() == at


def test_approval_pauses_and_goes_on(web: httpx.Client, thread: str) -> None:
    first = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "single", "request": "pay"}}).json()
    (interrupt,) = first["__interrupt__"]
    assert status(web, thread) == "interrupted"
    last = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "command": {"resume": {interrupt["id"]: "yes"}}}).json()
    assert last["answers"] == ["planned", "yes", "acted"]
    assert status(web, thread) == "idle"
    again = web.post(f"{thread}/runs", json={"assistant_id": "approval", "command": {"resume": {interrupt["id"]: "no"}}})
    assert (again.status_code, again.json()["detail"]) == (409, "This interrupt has been answered already.")


def test_parallel_interrupts_are_answered_one_by_one(web: httpx.Client, thread: str) -> None:
    first = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "parallel"}}).json()
    left, right = (interrupt["id"] for interrupt in first["__interrupt__"])
    for name in (left, right):
        assert web.post(f"{thread}/runs", json={"assistant_id": "approval", "command": {"resume": {name: name}}}).status_code == 200
    until("both answers are used", lambda: status(web, thread) == "idle")
    assert web.get(f"{thread}/state").json()["values"]["done"] is True


def test_a_breakpoint_is_continued_with_null_input(web: httpx.Client, thread: str) -> None:
    body = {"assistant_id": "approval", "input": {"mode": "none"}, "interrupt_before": ["act"]}
    assert "__interrupt__" not in web.post(f"{thread}/runs/wait", json=body).json()
    assert (status(web, thread), web.get(thread).json()["interrupts"]) == ("interrupted", {})
    assert web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": None}).json()["done"] is True


def test_a_fork_runs_from_an_older_checkpoint(web: httpx.Client, thread: str) -> None:
    web.post(f"{thread}/runs/wait", json=SLOW)
    old = web.get(f"{thread}/history?limit=10").json()[1]["checkpoint_id"]
    forked = web.post(f"{thread}/runs/wait", json={"assistant_id": "slow", "input": {"tag": "forked"}, "checkpoint_id": old}).json()
    assert forked["tag"] == "forked"
    updated = web.post(f"{thread}/state", json={"values": {"tick": 7}, "checkpoint_id": old, "as_node": "work"}).json()
    assert updated["checkpoint"] == updated["configurable"] and updated["checkpoint"]["checkpoint_id"] == updated["checkpoint_id"]
    assert web.get(thread).json()["values"]["tick"] == 7


@pytest.mark.parametrize("query", ["", "?wait=1", "?action=rollback&wait=true"])
def test_cancel_is_done_when_it_answers(web: httpx.Client, thread: str, query: str) -> None:
    made = web.post(f"{thread}/runs", json={"assistant_id": "slow", "input": {"seconds": 5, "steps": 3}}).json()
    path = f"{thread}/runs/{made['run_id']}"
    until("it runs", lambda: status(web, path) == "running")
    answer = web.post(f"{path}/cancel{query}")
    if query:
        assert (answer.status_code, answer.json(), answer.headers["location"]) == (200, {}, f"{path}/join")
    else:
        assert (answer.status_code, answer.content) == (202, b"")
    if "rollback" in query:
        assert web.get(path).status_code == 404 and status(web, thread) == "idle"
    else:
        assert status(web, path) == "interrupted"
        assert web.post(f"{path}/cancel").status_code == 404
    assert web.post(f"{thread}/runs/wait", json=SLOW).json()["tag"] == "a"


def test_deleting_a_running_run_frees_its_thread(web: httpx.Client, thread: str) -> None:
    made = web.post(f"{thread}/runs", json={"assistant_id": "slow", "input": {"seconds": 5, "steps": 3}}).json()
    path = f"{thread}/runs/{made['run_id']}"
    until("it runs", lambda: status(web, path) == "running")
    assert web.delete(path).status_code == 204
    assert (status(web, thread), web.delete(path).status_code) == ("idle", 404)


def test_a_stateless_run_names_only_itself(web: httpx.Client) -> None:
    made = web.post("/runs", json=SLOW)
    row = made.json()
    assert made.headers["content-location"] == f"/runs/{row['run_id']}"
    until("its thread is hidden", lambda: web.get(f"/threads/{row['thread_id']}").status_code == 404)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    (
        {"assistant_id": "ghost"},
        422,
        "Invalid assistant: 'ghost'. Must be either:\n- A valid assistant UUID, or\n- One of the registered graphs: ",
    ),
    ({"assistant_id": str(uuid4())}, 404, "Thread or assistant not found."),
    ({"assistant_id": "slow", "webhook": "http://x.example"}, 422, "webhook is not supported yet"),
    ({"assistant_id": "slow", "command": {"resume": 1}}, 409, "Nothing on this thread waits for an answer."),
    ({"assistant_id": "slow", "checkpoint_id": "nope"}, 422, "Invalid checkpoint ID"),
]


@pytest.mark.parametrize(("body", "code", "text"), REFUSED)
def test_refused_runs(web: httpx.Client, thread: str, body: dict[str, Any], code: int, text: str) -> None:
    answer = web.post(f"{thread}/runs", json=body)
    assert (answer.status_code, answer.json()["detail"][: len(text)]) == (code, text)
    assert web.get(f"{thread}/runs").json() == []
