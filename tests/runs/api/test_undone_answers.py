"""A run that goes leaves nothing behind: what it answered waits again, what it continued can be continued again"""

from typing import Any

import httpx
import pytest

from runs.models import ReplacedWrite
from tenants.models import Tenant
from tests.waiting import until

Json = dict[str, Any]


class Conversation:
    """A thread of one graph, as its owner sees it."""

    def __init__(self, http: httpx.Client, graph: str) -> None:
        self.http, self.graph = http, graph
        self.at = f"/threads/{http.post('/threads', json={}).json()['thread_id']}"

    def run(self, **body: Any) -> str:
        """Run to the end or the next pause; the id."""
        answer = self.http.post(f"{self.at}/runs", json={"assistant_id": self.graph, **body})
        assert answer.status_code == 200, answer.text
        run_id: str = answer.json()["run_id"]
        self.http.get(f"{self.at}/runs/{run_id}/join")
        return run_id

    def answer(self, value: Any, which: int = 0) -> str:
        """Answer one of the open interrupts; the run's id."""
        return self.run(command={"resume": {self.open()[which]["id"]: value}})

    def undo(self, run_id: str) -> None:
        """Delete the run."""
        assert self.http.delete(f"{self.at}/runs/{run_id}").status_code == 204

    def state(self) -> Json:
        """The newest state."""
        found: Json = self.http.get(f"{self.at}/state").json()
        return found

    def open(self) -> list[Json]:
        """Open interrupts, the same in state and row."""
        row = self.http.get(self.at).json()
        shown = [interrupt for task in row["interrupts"].values() for interrupt in task]
        state: list[Json] = self.state()["interrupts"]
        ids = {interrupt["id"] for interrupt in state}
        assert ids == {interrupt["id"] for interrupt in shown}
        assert row["status"] == ("interrupted" if self.state()["next"] else "idle")
        return state

    def seen(self) -> Json:
        """Everything that an undone run must leave as it was."""
        state = self.state()
        return {key: state[key] for key in ("values", "next", "tasks", "interrupts", "checkpoint_id")}


@pytest.fixture
def approval(web: httpx.Client) -> Conversation:
    """Of the approval graph."""
    return Conversation(web, "approval")


def test_an_undone_answer_can_be_given_again(approval: Conversation) -> None:
    approval.run(input={"mode": "single"})
    before = approval.seen()
    run = approval.answer("yes")
    assert approval.state()["values"]["answers"] == ["planned", "yes", "acted"]
    approval.undo(run)
    assert approval.seen() == before
    approval.answer("no")
    assert approval.state()["values"]["answers"] == ["planned", "no", "acted"]


def test_an_undone_answer_to_one_of_two_leaves_both_open(approval: Conversation) -> None:
    approval.run(input={"mode": "parallel"})
    before = approval.seen()
    approval.undo(approval.answer("a", 1))
    assert approval.seen() == before
    approval.answer("b", 1)
    approval.answer("c", 0)
    assert approval.state()["values"]["answers"] == ["planned", {"left": "c"}, {"right": "b"}, "acted"]


def test_the_second_of_two_answers_is_undone_alone(approval: Conversation) -> None:
    approval.run(input={"mode": "parallel"})
    approval.answer("a", 0)
    before = approval.seen()
    approval.undo(approval.answer("b", 0))
    assert approval.seen() == before
    approval.answer("c")
    assert approval.state()["values"]["answers"] == ["planned", {"left": "a"}, {"right": "c"}, "acted"]


@pytest.mark.parametrize("order", [(1, 0), (0, 1)], ids=["the last first", "the first first"])
def test_two_answers_to_one_node_are_undone_one_by_one(approval: Conversation, tenant: Tenant, order: tuple[int, int]) -> None:
    approval.run(input={"mode": "double"})
    first_gate = approval.seen()
    answers = [approval.answer("one")]
    second_gate = approval.seen()
    answers.append(approval.answer("two"))
    done = approval.seen()
    approval.undo(answers[order[0]])
    assert approval.seen() == (second_gate if order[0] == 1 else done)
    approval.undo(answers[order[1]])
    assert approval.seen() == first_gate
    assert not ReplacedWrite.objects.for_tenant(tenant.tenant_id).exists()
    approval.answer("uno")
    approval.answer("due")
    assert approval.state()["values"]["answers"] == ["planned", "uno", "due", "acted"]


def test_an_undone_answer_inside_a_subgraph(web: httpx.Client) -> None:
    nested = Conversation(web, "nested")
    nested.run(input={"pause": True})
    before = nested.seen()
    run = nested.answer("yes")
    assert nested.state()["next"] == []
    after = nested.state()["values"]
    nested.undo(run)
    assert nested.seen() == before
    nested.answer("yes")
    assert nested.state()["values"] == after


@pytest.mark.parametrize("command", [{"update": {"answers": ["pushed"]}}, {"goto": "act"}, {"update": {"answers": ["x"]}, "goto": "act"}])
def test_an_undone_command_is_gone(approval: Conversation, command: Json) -> None:
    approval.run(input={"mode": "none"})
    before = approval.seen()
    run = approval.run(command=command)
    assert approval.seen() != before
    approval.undo(run)
    assert approval.seen() == before


def test_a_rolled_back_continuation_can_be_continued_again(web: httpx.Client) -> None:
    slow = Conversation(web, "slow")

    def started(input: Json | None) -> str:
        answer = web.post(f"{slow.at}/runs", json={"assistant_id": "slow", "input": input})
        return str(answer.json()["run_id"])

    def stopped(run_id: str, action: str, tick: int) -> None:
        until(f"tick {tick}", lambda: slow.state()["values"].get("tick", 0) >= tick)
        assert web.post(f"{slow.at}/runs/{run_id}/cancel?wait=1&action={action}").status_code == 200

    stopped(started({"seconds": 0.3, "steps": 6}), "interrupt", 1)
    before = slow.seen()
    stopped(started(None), "rollback", before["values"]["tick"] + 1)
    assert slow.seen() == before
    slow.run(input=None)
    assert slow.state()["values"]["tick"] == 6
