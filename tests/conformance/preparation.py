"""What the recorder did between the recorded requests: threads and runs that a transcript takes for granted, and pauses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.builders import GRAPHS, builtin_id
from tests.conformance.matching import Bindings
from tests.conformance.transcripts import transcript
from tests.waiting import until

Json = dict[str, Any]

RECORDED_GRAPHS = frozenset({"approval", "chat", "factory", "failing", "memory", "nested", "odd", "slow", "workflow"})
LITERAL_THREAD = "22222222-2222-4222-8222-222222222222"
NO_CHECKPOINT = "99999999-9999-4999-8999-999999999999"
LITERAL_ASSISTANT = "11111111-1111-4111-8111-111111111111"
LONG = {"seconds": 2, "steps": 1, "tag": "x", "tick": 0}
TWO_STEPS = {"seconds": 0, "steps": 2, "tag": "a"}
APPROVAL = {"mode": "single", "request": "pay"}


@dataclass(frozen=True, slots=True)
class Visit:
    """Requests that are not in the transcript."""

    client: httpx.Client
    bindings: Bindings

    def post(self, path: str, body: Json) -> httpx.Response:
        """A request that must succeed."""
        answer = self.client.post(self.bindings.fill(path), json=body)
        assert answer.status_code == 200, answer.text
        return answer

    def thread(self, name: str, **body: Any) -> None:
        """Create a thread and bind its name."""
        self.bindings.values[name] = self.post("/threads", body).json()["thread_id"]

    def start(self, thread: str, graph: str, input: Json, run: str | None = None, **body: Any) -> None:
        """Start a run in the background; on a new thread if the name is unbound."""
        if thread not in self.bindings.values:
            self.thread(thread)
        row = self.post(f"/threads/{thread}/runs", {"assistant_id": graph, "input": input, **body}).json()
        if run is not None:
            self.bindings.values[run] = row["run_id"]

    def finish(self, thread: str, graph: str, input: Json, run: str | None = None, **body: Any) -> None:
        """Start a run and wait for its end."""
        self.start(thread, graph, input, run, **body)
        self.settled(self.bindings.values[thread])

    def settled(self, thread_id: str) -> None:
        """Wait until no run of the thread is active."""

        def quiet() -> bool:
            answer = self.client.get(f"/threads/{thread_id}")
            return answer.status_code != 200 or answer.json()["status"] != "busy"

        until(f"thread {thread_id} is no longer busy", quiet)

    def ended(self, thread: str, run: str) -> None:
        """Wait until this run has ended, whatever else the thread has to do."""
        self.client.get(self.bindings.fill(f"/threads/{thread}/runs/{run}/join"))

    def gone(self, thread: str) -> None:
        """Wait until a stateless run's thread is hidden."""
        path = f"/threads/{self.bindings.values[thread]}"
        until("the thread is gone", lambda: self.client.get(path).status_code == 404)

    def reached(self, thread: str, tick: int) -> None:
        """Wait until the slow graph's state has come this far."""
        path = f"/threads/{self.bindings.values[thread]}/state"
        until(f"tick {tick}", lambda: self.client.get(path).json()["values"].get("tick", -1) >= tick)

    def assistant(self) -> None:
        """Create the assistant with the literal id."""
        body = transcript("assistants/create_full").steps[0].request["json"]
        self.post("/assistants", body | {"assistant_id": LITERAL_ASSISTANT})

    def checkpoints(self, thread: str, **names: int) -> None:
        """Bind names to the checkpoints of steps."""
        states = self.client.get(f"/threads/{self.bindings.values[thread]}/history?limit=100").json()
        by_step = {state["metadata"]["step"]: state["checkpoint_id"] for state in states}
        self.bindings.values |= {f"<{name.replace('_', '-')}>": by_step[step] for name, step in names.items()}


def _thread_set(visit: Visit) -> None:
    deep = {"a": {"b": 1}, "tags": ["x", "y"]}
    visit.thread("<thread-3>", metadata={"set": "s1", "name": "idle", "deep": deep})
    visit.finish("<thread-3>", "slow", {"seconds": 0, "steps": 1, "tag": "green"})
    visit.thread("<thread-1>", metadata={"set": "s1", "name": "interrupted"})
    visit.finish("<thread-1>", "approval", {"mode": "single", "request": "r"})
    visit.thread("<thread-2>", metadata={"set": "s1", "name": "error"})
    visit.finish("<thread-2>", "failing", {"kind": "value"})
    visit.thread("<thread-4>", metadata={"set": "s1", "name": "busy"})
    visit.start("<thread-4>", "slow", {"seconds": 6, "steps": 1})
    visit.thread("<thread-5>", metadata={"set": "s1", "name": "fresh"})


def _items(visit: Visit) -> None:
    """What had been put when the searches were recorded, in that order; the last stands for a namespace without items any more."""
    found: list[tuple[list[str], str, Json]] = [
        (["notes", user], f"n{n}", {"text": f"n{n}", "tone": tone})
        for n, (user, tone) in enumerate([("ann", "cold"), ("bob", "warm"), ("zoe", "plain"), ("nobody", "plain")], 1)
    ]
    found += [(["docs", "ttl"], "t", {"x": 1}), (["docs", "idx"], "i", {"x": 1}), (["docs", "idx"], "j", {"x": 1})]
    colors = ("blue", "red", "blue", "red")
    found += [(["s", f"u{1 + n // 3}"], f"k{n}", {"n": n, "color": color, "deep": {"x": n}}) for n, color in enumerate(colors)]
    for namespace, key, value in [*found, (["docs", "a"], "k1", {})]:
        body = {"namespace": namespace, "key": key, "value": value}
        assert visit.client.put("/store/items", json=body).status_code == 204


def _two_assistants(visit: Visit) -> None:
    for name in ("<assistant-1>", "<assistant-2>"):
        visit.bindings.values[name] = visit.post("/assistants", {"graph_id": "memory"}).json()["assistant_id"]


def _recorded_graphs(visit: Visit) -> None:
    for graph in set(GRAPHS) - RECORDED_GRAPHS:
        assert visit.client.delete(f"/assistants/{builtin_id(graph)}").status_code == 204


def _assistant_set(visit: Visit) -> None:
    _recorded_graphs(visit)
    # With the nine that are left these are fifteen, as many as had been made when this was recorded.
    for graph in ("memory", "memory", "chat"):
        visit.post("/assistants", {"graph_id": graph})
    for name in ("Alpha", "beta", "Gamma"):
        visit.post("/assistants", {"graph_id": "chat", "name": name, "metadata": {"deep": {"k": "v"}}})


def _updated_thread(visit: Visit) -> None:
    visit.finish("<thread-1>", "slow", TWO_STEPS)
    visit.checkpoints("<thread-1>", checkpoint_7=-1, checkpoint_9=1)


def _two_threads(visit: Visit) -> None:
    for name in ("<thread-1>", "<thread-2>"):
        visit.thread(name)


def _forked_at_nothing(visit: Visit) -> None:
    visit.finish("<thread-1>", "slow", TWO_STEPS)
    visit.post("/threads/<thread-1>/state", {"values": {"tick": 1}, "as_node": "work", "checkpoint_id": NO_CHECKPOINT})


def _joined_cancelled(visit: Visit) -> None:
    visit.start("<thread-4>", "slow", {"seconds": 1, "steps": 5, "tick": 0}, "<run-4>")
    visit.reached("<thread-4>", 0)
    visit.client.post(visit.bindings.fill("/threads/<thread-4>/runs/<run-4>/cancel?wait=1"))


def _two_to_cancel(visit: Visit) -> None:
    visit.start("<thread-1>", "slow", LONG, "<run-1>")
    visit.start("<thread-1>", "slow", LONG, "<run-2>")


def _started(thread: str, graph: str, input: Json, run: str | None = None, **body: Any) -> Callable[[Visit], None]:
    return lambda visit: visit.start(thread, graph, input, run, **body)


def _finished(thread: str, graph: str, input: Json, run: str | None = None, **body: Any) -> Callable[[Visit], None]:
    return lambda visit: visit.finish(thread, graph, input, run, **body)


def _two_runs_and_an_update(visit: Visit) -> None:
    quick = {"seconds": 0, "steps": 1, "tick": 0}
    visit.finish("<thread-1>", "slow", quick, stream_mode=["values", "custom"], stream_resumable=True)
    visit.post("/threads/<thread-1>/state", {"values": {"tag": "edited"}})
    visit.finish("<thread-1>", "slow", quick, stream_mode=["updates"], stream_resumable=True)


def _joinable(visit: Visit) -> None:
    visit.start("<thread-1>", "slow", {"seconds": 0.8, "steps": 3, "tick": 0}, "<run-1>")
    visit.reached("<thread-1>", 0)


# Before the step of this number.
BEFORE: dict[tuple[str, int], Callable[[Visit], None]] = {
    ("assistants/create_errors", 0): Visit.assistant,
    ("assistants/delete", 0): _two_assistants,
    ("assistants/get", 0): Visit.assistant,
    ("assistants/patch_versions_latest", 0): Visit.assistant,
    ("assistants/default_assistants", 0): _recorded_graphs,
    ("assistants/search_count", 0): _assistant_set,
    ("runs/background", 0): lambda visit: visit.thread("<thread-1>", metadata={"owner": "ann"}),
    ("runs/background", 7): _finished("<thread-1>", "slow", {"seconds": 0, "steps": 1}),
    ("runs/cancel", 1): lambda visit: visit.reached("<thread-1>", 1),
    ("runs/cancel", 9): lambda visit: visit.reached("<thread-2>", 0),
    ("runs/cancel", 17): _started("<thread-4>", "slow", LONG, "<run-7>"),
    ("runs/cancel", 20): lambda visit: visit.settled(visit.bindings.values["<thread-4>"]),
    ("runs/after_seconds", 3): lambda visit: visit.ended("<thread-1>", "<run-2>"),
    ("runs/cancel_bulk", 0): _two_to_cancel,
    ("runs/cancel_bulk", 2): _started("<thread-2>", "slow", LONG, "<run-3>", after_seconds=60),
    ("runs/command_update_goto", 0): _finished("<thread-1>", "approval", APPROVAL),
    ("runs/delete_running", 0): _started("<thread-1>", "slow", LONG, "<run-1>"),
    ("runs/delete_running", 2): _started("<thread-2>", "slow", LONG, "<run-2>"),
    ("runs/join_finished", 0): _finished("<thread-1>", "slow", {"seconds": 0, "steps": 1, "tag": "one"}, "<run-1>"),
    ("runs/join_finished", 1): _finished("<thread-1>", "slow", {"tag": "two"}),
    ("runs/join_finished", 2): _finished("<thread-2>", "failing", {"kind": "value", "message": "bad"}, "<run-2>"),
    ("runs/join_finished", 3): _finished("<thread-3>", "approval", APPROVAL, "<run-3>"),
    ("runs/join_finished", 4): _joined_cancelled,
    ("runs/join_finished", 5): _started("<thread-5>", "failing", {"kind": "value", "message": "bad"}, "<run-5>"),
    ("runs/multitask_interrupt", 1): lambda visit: visit.reached("<thread-1>", 1),
    ("runs/multitask_rollback", 1): lambda visit: visit.reached("<thread-1>", 1),
    ("runs/multitask_reject", 1): lambda visit: visit.reached("<thread-1>", 0),
    ("runs/multitask_stream_reject", 0): _started("<thread-1>", "slow", LONG),
    ("runs/stateless", 2): lambda visit: visit.gone("<thread-1>"),
    ("store/search_namespaces", 0): _items,
    ("stream/cancel_pending", 0): _started("<thread-1>", "slow", LONG),
    ("stream/enqueued", 0): _started("<thread-1>", "slow", {"seconds": 1, "steps": 1}),
    ("stream/interrupt", 8): _finished("<thread-9>", "approval", APPROVAL),
    ("stream/join_background", 1): lambda visit: visit.reached("<thread-1>", 0),
    ("stream/join_background", 2): lambda visit: visit.settled(visit.bindings.values["<thread-1>"]),
    ("stream/join_cancel_on_disconnect", 0): _joinable,
    ("threads/copy", 0): _forked_at_nothing,
    ("threads/copy_interrupted", 0): lambda visit: visit.thread("<thread-1>", metadata={"a": 1}),
    ("threads/get_patch_delete", 0): lambda visit: visit.thread("", thread_id=LITERAL_THREAD, metadata={"owner": "ann", "n": 1}),
    ("threads/history_post", 0): _finished("<thread-1>", "slow", TWO_STEPS),
    ("threads/prune", 0): _two_threads,
    ("threads/search_count", 0): _thread_set,
    ("threads/state_update", 0): _updated_thread,
    ("threads/state_update_busy", 0): _started("<thread-1>", "slow", LONG),
}

# Steps that were sent while the stream of the next step was open: after so many events.
BEHIND: dict[tuple[str, int], int] = {
    ("stream/cancel_interrupt", 0): 5,
    ("stream/cancel_rollback", 0): 5,
    ("stream/cancel_pending", 0): 0,
}

# While the stream of the step of this number is open.
MEANWHILE: dict[tuple[str, int], Callable[[Visit], None]] = {
    (f"stream/thread_{modes}", 0): _two_runs_and_an_update for modes in ("all", "default", "lifecycle", "run_modes", "state_update")
}

# Streams that the recorder left after so many events.
DROPPED_AFTER = {
    ("stream/not_resumable", 0): 3,
    ("stream/on_disconnect_cancel", 0): 2,
    ("stream/on_disconnect_continue", 0): 2,
    ("stream/resumable", 0): 4,
    ("stream/join_cancel_on_disconnect", 0): 1,
    ("stream/thread_all", 0): 9,
    ("stream/thread_all", 1): 8,
    ("stream/thread_default", 0): 8,
    ("stream/thread_lifecycle", 0): 4,
    ("stream/thread_run_modes", 0): 8,
    ("stream/thread_state_update", 0): 1,
}

# Before the recorder leaves: an event can be seen before its checkpoint is committed, and what is cancelled then leaves nothing.
LEAVING: dict[tuple[str, int], Callable[[Visit], None]] = {
    ("stream/on_disconnect_cancel", 0): lambda visit: visit.reached("<thread-1>", 0),
}
