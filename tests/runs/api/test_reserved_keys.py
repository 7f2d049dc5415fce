"""Keys that are LangGraph's or the server's own are dropped wherever a client can write them: a hostile body per carrier"""

from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

EVIL = "evil-value"
INTERNAL = dict.fromkeys(
    (
        "__pregel_checkpointer",
        "__pregel_read",
        "__pregel_resume_map",
        "__pregel_resuming",
        "__pregel_runtime",
        "__pregel_scratchpad",
        "__pregel_send",
        "__pregel_strict_resume",
        "__pregel_task_id",
        "__request_start_time_ms__",
        "langgraph_auth_permissions",
        "langgraph_auth_user",
        "langgraph_auth_user_id",
        "langgraph_request_id",
    ),
    EVIL,
)
IDS = ("thread_id", "run_id", "graph_id", "assistant_id", "user_id", "tenant_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map")
PINNED = dict.fromkeys(IDS, EVIL)
METADATA = dict.fromkeys(("thread_id", "run_id", "assistant_id", "cron_id", "counters_since_delta_snapshot"), EVIL)
CHANNELS = dict.fromkeys(
    (
        "__resume__",
        "__interrupt__",
        "__error__",
        "__input__",
        "__start__",
        "__end__",
        "__previous__",
        "__return__",
        "__no_writes__",
        "__pregel_tasks",
        "__snapshot_bumps__",
        "branch:to:act",
    ),
    EVIL,
)
NOWHERE = {"start": "__start__", "input": "__input__", "branch": "branch:to:act", "send": {"node": "__end__", "input": CHANNELS}}


def thread_of(web: httpx.Client, **body: Any) -> str:
    """The address of a new thread."""
    return f"/threads/{web.post('/threads', json=body).json()['thread_id']}"


def untouched(web: httpx.Client, thread: str, *more: str) -> None:
    """Nothing of it is shown on the thread, nor at these addresses below it."""
    for path in ("", "/state?subgraphs=true", *more):
        assert EVIL not in web.get(f"{thread}{path}").text
    assert EVIL not in web.post(f"{thread}/history", json={"limit": 20}).text


CARRIERS: dict[str, dict[str, Any]] = {
    "configurable": {"config": {"configurable": INTERNAL | PINNED}},
    "context": {"context": INTERNAL},
    "config": {"config": {"__pregel_task_id": EVIL, "callbacks": [EVIL], "run_id": EVIL, "store": EVIL}},
    "config metadata": {"config": {"metadata": METADATA}},
    "metadata": {"metadata": METADATA},
    "checkpoint": {"checkpoint": {"thread_id": EVIL, "checkpoint_ns": "", "checkpoint_id": None, "checkpoint_map": {"": EVIL}}},
}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("stateless", [False, True], ids=["thread", "stateless"])
def test_a_run_shows_none_of_it(web: httpx.Client, carrier: str, stateless: bool) -> None:
    thread = thread_of(web)
    answer = web.post(f"{'' if stateless else thread}/runs/wait", json={"assistant_id": "memory", "input": {}} | CARRIERS[carrier])
    assert answer.status_code == 200
    seen = answer.json()["seen"]
    if carrier == "configurable":  # given alone it is the context as well, and that may name a user
        assert seen["context"].pop("user_id") == EVIL
    assert EVIL not in orjson.dumps(seen).decode()
    assert [key for key in seen["configurable_keys"] if key.startswith("__")] == []
    run = web.get(f"{thread}/runs").json()
    shown = {key: value for row in run for key, value in row["kwargs"]["context"].items() if value == EVIL}
    assert shown.keys() <= {"user_id"}
    if carrier != "configurable":
        untouched(web, thread, "/runs")


def test_a_context_may_name_a_user_of_its_own(web: httpx.Client) -> None:
    """`user_id` of the context is the graph's business; the one in `configurable` is the server's."""
    answer = web.post("/runs/wait", json={"assistant_id": "memory", "input": {}, "context": {"user_id": "ann"}}).json()["seen"]
    assert answer["context"]["user_id"] == "ann"
    assert answer["configurable"]["user_id"].startswith("key:")


@pytest.mark.parametrize("carrier", ["config", "context", "metadata"])
def test_an_assistant_brings_none_of_it(web: httpx.Client, carrier: str) -> None:
    body = {"config": {"configurable": INTERNAL | PINNED}, "context": INTERNAL, "metadata": METADATA}[carrier]
    assistant = web.post("/assistants", json={"graph_id": "memory", carrier: body}).json()["assistant_id"]
    thread = thread_of(web)
    seen = web.post(f"{thread}/runs/wait", json={"assistant_id": assistant, "input": {}}).json()["seen"]
    assert EVIL not in orjson.dumps(seen["configurable"]).decode()
    assert [key for key in seen["configurable_keys"] if key.startswith("__")] == []


def test_thread_metadata_keeps_what_is_not_reserved(web: httpx.Client) -> None:
    thread = thread_of(web, metadata=METADATA | {"graph_id": "memory", "mine": 1})
    web.patch(thread, json={"metadata": {**METADATA, "graph_id": "memory", "more": 2}})
    assert web.get(thread).json()["metadata"] == {"graph_id": "memory", "mine": 1, "more": 2}


@pytest.mark.parametrize("update", [CHANNELS, [[key, value] for key, value in CHANNELS.items()]], ids=["object", "pairs"])
def test_an_update_answers_no_interrupt_and_moves_nothing(web: httpx.Client, update: Any) -> None:
    thread = thread_of(web)
    paused = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {}}).json()
    own = {"request": "changed"} if isinstance(update, dict) else None
    command = {"update": update | own if own else [*update, ["request", "changed"]]}
    again = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "command": command}).json()
    assert (again["request"], again["answers"]) == ("changed", ["planned"])
    assert len(again["__interrupt__"]) == len(paused["__interrupt__"]) == 1
    assert web.get(f"{thread}/state").json()["next"] == ["ask"]
    untouched(web, thread, "/runs")


@pytest.mark.parametrize("beside", [{"update": CHANNELS}, {"goto": {"node": "act", "input": CHANNELS}}], ids=["update", "goto"])
def test_what_stands_beside_an_answer_is_no_second_one(web: httpx.Client, beside: dict[str, Any]) -> None:
    thread = thread_of(web)
    web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "double"}})
    again = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "command": {"resume": "first", **beside}}).json()
    assert again["__interrupt__"][0]["value"] == {"action": "confirm", "after": "first"}
    untouched(web, thread)


@pytest.mark.parametrize("goto", NOWHERE)
def test_a_jump_to_what_is_no_node_goes_nowhere(web: httpx.Client, goto: str) -> None:
    thread = thread_of(web)
    web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "none"}})
    before = web.get(f"{thread}/state").json()["values"]
    assert web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "command": {"goto": NOWHERE[goto]}}).json() == before
    untouched(web, thread)


def test_input_writes_no_channel_of_langgraph(web: httpx.Client) -> None:
    thread = thread_of(web)
    paused = web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": CHANNELS | {"request": "pay"}}).json()
    assert (paused["request"], paused["answers"], len(paused["__interrupt__"])) == ("pay", ["planned"], 1)
    assert web.get(f"{thread}/state").json()["next"] == ["ask"]


@pytest.mark.parametrize("as_node", [None, "plan", "ask"])
def test_a_state_update_writes_no_channel_of_langgraph(web: httpx.Client, as_node: str | None) -> None:
    thread = thread_of(web)
    web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {}})
    body = {
        "values": CHANNELS | {"request": "changed"},
        "as_node": as_node,
        "checkpoint": {"thread_id": str(uuid4()), "checkpoint_map": {}},
    }
    assert web.post(f"{thread}/state", json=body).status_code == 200
    state = web.get(f"{thread}/state").json()
    assert (state["values"]["request"], state["values"]["answers"]) == ("changed", ["planned"])
    assert state["next"] == (["act"] if as_node == "ask" else ["ask"])
    untouched(web, thread)


def test_the_past_is_read_by_checkpoint_only(web: httpx.Client) -> None:
    thread = thread_of(web)
    web.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "none"}})
    history = web.post(f"{thread}/history", json={"limit": 10}).json()
    before = {"configurable": INTERNAL | {"thread_id": str(uuid4()), "checkpoint_id": history[1]["checkpoint_id"]}}
    assert web.post(f"{thread}/history", json={"limit": 10, "before": before}).json() == history[2:]
