"""State of threads."""

import operator
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, StateSnapshot, interrupt

from runs.wire.encoding import to_json
from runs.wire.interrupts import interrupt_row, interrupts_by_task
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StateUpdate, checkpoint_json, state_json, updated_json
from tenants.exceptions import Invalid
from tests.conformance.transcripts import Step, transcript

CHECKPOINT = "1f1e52e5-ebba-62c8-8007-c2602e4b0d41"
SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
PARSERS: dict[str, Any] = {"state": StateUpdate.parse, "history": HistoryRequest.parse, "checkpoint": StateAt.parse}


class State(TypedDict, total=False):
    """A trail."""

    trail: Annotated[list[str], operator.add]
    kind: str


def gate(state: State) -> State:
    """Ask, or fail."""
    if state.get("kind") == "fail":
        raise ValueError("boom")
    return {"trail": [str(interrupt({"question": "continue?"}, response_schema=SCHEMA if state.get("kind") == "schema" else None))]}


def snapshot_of(kind: str, *, subgraphs: bool = False) -> StateSnapshot:
    """The state of a run that stopped in a subgraph."""
    inner = StateGraph(State).add_node("gate", gate).add_edge(START, "gate").add_edge("gate", END).compile()
    outer = StateGraph(State).add_node("inner", inner).add_edge(START, "inner").compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    try:
        outer.invoke({"kind": kind}, config)
    except ValueError:
        assert kind == "fail"
    return outer.get_state(config, subgraphs=subgraphs)


def refused() -> list[Step]:
    """Bodies that the official server refused by their schema."""
    cases = ("threads/state_update", "threads/history_post", "threads/state_and_history")
    steps = [step for case in cases for step in transcript(case).steps if step.response["status"] == 422 and "json" in step.request]
    return [step for step in steps if "CheckpointConfig" not in step.response["json"]["detail"]]


@pytest.mark.parametrize("step", refused())
def test_a_wrong_body_is_refused_with_the_recorded_text(step: Step) -> None:
    with pytest.raises(Invalid) as raised:
        PARSERS[step.request["path"].rpartition("/")[2]](step.request["json"])
    assert str(raised.value) == step.response["json"]["detail"]


def test_an_empty_thread_has_the_recorded_state() -> None:
    recorded = transcript("threads/state_empty").steps[1].response["json"]
    nothing = StateSnapshot({}, (), {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}, None, None, None, (), ())
    assert state_json(nothing) == recorded


def test_a_state_has_the_recorded_keys_and_points_to_its_subgraph() -> None:
    state: Any = state_json(snapshot_of("plain"))
    recorded = transcript("stream/subgraphs_interrupt").steps[1].response["json"]
    assert list(state) == list(recorded)
    assert list(state["tasks"][0]) == list(recorded["tasks"][0])
    task = state["tasks"][0]
    assert task["checkpoint"] == {"thread_id": "t", "checkpoint_ns": f"inner:{task['id']}"}
    assert task["interrupts"] == state["interrupts"] == [{"id": state["interrupts"][0]["id"], "value": {"question": "continue?"}}]
    assert (state["next"], task["state"], task["path"]) == (["inner"], None, ["__pregel_pull", "inner"])
    assert set(state["checkpoint"]) == {"checkpoint_id", "thread_id", "checkpoint_ns"}
    assert state["parent_checkpoint_id"] == state["parent_checkpoint"]["checkpoint_id"]


def test_a_state_read_with_subgraphs_holds_theirs() -> None:
    state: Any = state_json(snapshot_of("plain", subgraphs=True))
    task = state["tasks"][0]
    assert task["checkpoint"] is None
    assert task["state"]["next"] == ["gate"]
    assert set(task["state"]["checkpoint"]) == {"checkpoint_id", "thread_id", "checkpoint_ns", "checkpoint_map"}


def test_a_failed_task_shows_the_repr_of_its_error() -> None:
    assert state_json(snapshot_of("fail"))["tasks"][0]["error"] == "ValueError('boom')"


def test_a_response_schema_is_shown_where_the_graph_gave_one() -> None:
    (given,) = snapshot_of("schema").interrupts
    assert interrupt_row(given) == {"id": given.id, "value": {"question": "continue?"}, "response_schema": SCHEMA}


def test_interrupts_of_a_thread_row_are_by_task() -> None:
    snapshot = snapshot_of("plain")
    assert interrupts_by_task(snapshot.tasks) == {snapshot.tasks[0].id: [interrupt_row(snapshot.interrupts[0])]}


def test_streams_show_the_schema_or_null() -> None:
    for kind, schema in (("schema", SCHEMA), ("plain", None)):
        (given,) = snapshot_of(kind).interrupts
        assert list(to_json(given).items()) == [("value", {"question": "continue?"}), ("id", given.id), ("response_schema", schema)]


def test_an_update_answers_with_three_spellings_of_its_checkpoint() -> None:
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": CHECKPOINT}}
    answer = updated_json(config)
    assert set(answer) == set(transcript("threads/state_update").steps[0].response["json"])
    assert answer["checkpoint"] == answer["configurable"] == config["configurable"] == checkpoint_json(config)


def test_an_update_may_be_empty() -> None:
    assert StateUpdate.parse({}) == StateUpdate(None, None, CheckpointRef())


@pytest.mark.parametrize("at", [{"checkpoint_id": CHECKPOINT}, {"checkpoint": {"checkpoint_id": CHECKPOINT.upper(), "thread_id": "other"}}])
def test_an_update_forks_at_a_checkpoint(at: dict[str, Any]) -> None:
    assert StateUpdate.parse({"values": {"a": 1}, **at}).checkpoint == CheckpointRef(CHECKPOINT)


def test_an_update_may_be_of_a_subgraph() -> None:
    update = StateUpdate.parse({"checkpoint": {"checkpoint_ns": "inner:1", "checkpoint_id": None}, "checkpoint_id": CHECKPOINT})
    assert update.checkpoint == CheckpointRef(CHECKPOINT, "inner:1")


@pytest.mark.parametrize("before", [CHECKPOINT, {"checkpoint_id": CHECKPOINT}, {"configurable": {"checkpoint_id": CHECKPOINT}}])
def test_before_is_accepted_in_all_forms(before: Any) -> None:
    assert HistoryRequest.parse({"before": before}).before == CHECKPOINT


@pytest.mark.parametrize("before", ["nope", {"checkpoint_id": "nope"}, {"configurable": {"checkpoint_id": 5}}])
def test_a_malformed_before_is_refused(before: Any) -> None:
    with pytest.raises(Invalid):
        HistoryRequest.parse({"before": before})


def test_before_without_an_id_means_from_the_newest() -> None:
    assert HistoryRequest.parse({"before": {"configurable": 5}}).before is None


def test_history_shows_one_state_unless_told() -> None:
    assert HistoryRequest.parse({}).limit == HistoryRequest.from_query({}).limit == 1
    assert HistoryRequest.from_query({"limit": ["0"]}).limit == 0


@pytest.mark.parametrize("limit", ["abc", "-1", "1001", "٣", "1" * 5000])
def test_a_bad_limit_of_a_history_is_refused(limit: str) -> None:
    with pytest.raises(Invalid, match=f"^Invalid limit {limit}$"):
        HistoryRequest.from_query({"limit": [limit]})


def test_a_checkpoint_names_a_namespace() -> None:
    at = StateAt.parse({"checkpoint": {"thread_id": "other", "checkpoint_ns": "inner:1"}, "subgraphs": True})
    assert at.checkpoint.configurable() == {"checkpoint_ns": "inner:1"}
    assert at.subgraphs


def test_a_resumed_graph_has_no_interrupts_left() -> None:
    inner = StateGraph(State).add_node("gate", gate).add_edge(START, "gate").compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    inner.invoke({}, config)
    inner.invoke(Command(resume="yes"), config)
    state = state_json(inner.get_state(config))
    assert (state["interrupts"], state["next"], state["values"]) == ([], [], {"trail": ["yes"]})
