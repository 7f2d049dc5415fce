"""Bodies that create runs, the query that lists them, the row."""

from typing import Any
from uuid import uuid4

import pytest

from runs.models import Run
from runs.wire.merge import AssistantPart, Merged, ThreadPart, merge
from runs.wire.runs import COLUMNS, RunList, RunRequest, run_json
from runs.wire.schema import STREAM_MODES
from tenants.exceptions import BadRequest, Invalid, NotSupported
from tests.builders import now
from tests.conformance.transcripts import Step, transcript

CHECKPOINT = "1f1e52e5-ebba-62c8-8007-c2602e4b0d41"
NOT_BUILT = {"webhook": "https://example.com/x"}


def request(**body: Any) -> RunRequest:
    """A body with an assistant."""
    return RunRequest.parse({"assistant_id": "slow", **body})


def refused_by_schema(case: str) -> list[Step]:
    """Requests for runs whose body the official server refused by its schema."""
    steps = [
        step
        for step in transcript(case).steps
        if step.response["status"] == 422 and step.request["path"].endswith(("/runs", "/wait", "/stream"))
    ]
    return [step for step in steps if "Failed validating" in step.response["json"]["detail"]]


@pytest.mark.parametrize("step", refused_by_schema("runs/create_errors"))
def test_a_body_against_the_schema_is_refused_with_the_recorded_text(step: Step) -> None:
    with pytest.raises(Invalid) as raised:
        RunRequest.parse(step.request["json"])
    assert str(raised.value) == step.response["json"]["detail"]


def test_names_and_sends_are_not_mixed_in_one_goto() -> None:
    (step,) = refused_by_schema("runs/command_update_goto")
    with pytest.raises(Invalid) as raised:
        RunRequest.parse(step.request["json"])
    assert str(raised.value) == step.response["json"]["detail"].replace('["components"]["schemas"]["RunCreateStateful"]', "")


def test_a_minimal_body_takes_the_defaults() -> None:
    assert RunRequest.parse({"assistant_id": "slow"}) == RunRequest("slow")
    assert RunRequest("slow").multitask_strategy == "enqueue"


@pytest.mark.parametrize("body", [[], "text", None, 5, {"assistant_id": None}])
def test_a_body_that_is_no_object_with_an_assistant_is_refused(body: object) -> None:
    with pytest.raises(Invalid, match="Failed validating"):
        RunRequest.parse(body)


def test_unknown_keys_and_nulls_are_ignored() -> None:
    given = {
        "strict_resume": True,
        "langsmith_tracer": {},
        "webhook": None,
        "after_seconds": None,
        "config": None,
        "command": None,
        "context": None,
    }
    assert request(**given) == RunRequest("slow")


def test_a_webhook_is_refused_until_there_are_webhooks() -> None:
    with pytest.raises(NotSupported, match=r"^webhook is not supported yet$"):
        request(webhook="https://example.com/x")


def test_feedback_keys_are_kept_on_the_row() -> None:
    assert request(feedback_keys=["helpful"]).kwargs()["feedback_keys"] == ["helpful"]


def test_a_run_may_start_from_a_subgraphs_checkpoint() -> None:
    found = request(checkpoint={"checkpoint_ns": "middle:1", "checkpoint_map": {"": "theirs"}, "thread_id": "other"})
    assert (found.namespace, found.checkpoint) == ("middle:1", {"checkpoint_id": None, "checkpoint_ns": "middle:1"})


def test_harmless_values_of_unbuilt_fields_pass() -> None:
    assert request(after_seconds=0, webhook="", stream_mode=[]) == RunRequest("slow")


def test_stream_modes_are_one_or_many_once_each() -> None:
    assert request(stream_mode="custom").stream_mode == ("custom",)
    assert request(stream_mode=["updates", "values", "updates"]).stream_mode == ("updates", "values")
    assert request(stream_mode=list(STREAM_MODES)).stream_mode == STREAM_MODES


def test_context_and_configurable_together_are_refused_as_recorded() -> None:
    step = next(
        step for step in transcript("runs/create_errors").steps if step.response["status"] == 400 and "context" in step.request["json"]
    )
    with pytest.raises(BadRequest) as raised:
        RunRequest.parse(step.request["json"])
    assert str(raised.value) == step.response["json"]["detail"]
    assert request(context={}, config={"configurable": {"a": 1}}).config["configurable"] == {"a": 1}


def test_reserved_keys_are_dropped_without_a_word() -> None:
    parsed = request(
        metadata={"thread_id": "x", "cron_id": "x", "mine": 1},
        context={"__internal": 1, "langgraph_auth_user": {}, "tone": "warm"},
        config={"metadata": {"assistant_id": "x", "k": 1}, "callbacks": [], "tags": ["t"]},
    )
    assert (parsed.metadata, parsed.context) == ({"mine": 1}, {"tone": "warm"})
    assert parsed.config == {"metadata": {"k": 1}, "tags": ["t"]}


@pytest.mark.parametrize(
    "spelling", [{"checkpoint_id": CHECKPOINT}, {"checkpoint": {"checkpoint_id": CHECKPOINT, "checkpoint_ns": "", "thread_id": "other"}}]
)
def test_a_fork_point_is_an_id_and_nothing_else(spelling: dict[str, Any]) -> None:
    parsed = request(**spelling)
    assert parsed.checkpoint == {"checkpoint_id": CHECKPOINT}
    assert parsed.kwargs()["config"]["configurable"] == {"checkpoint_id": CHECKPOINT}


def test_a_checkpoint_without_id_is_the_latest() -> None:
    assert request(checkpoint={"checkpoint_ns": ""}).checkpoint is None


def test_a_malformed_checkpoint_id_is_refused() -> None:
    with pytest.raises(Invalid, match=r"^Invalid checkpoint ID$"):
        request(checkpoint_id="nope")


def test_the_old_spelling_of_durability_is_understood() -> None:
    assert request(checkpoint_during=False).durability == "exit"
    assert request(checkpoint_during=True).durability == "async"
    assert request(checkpoint_during=False, durability="sync").durability == "sync"


def test_an_unknown_on_disconnect_means_continue() -> None:
    assert request(on_disconnect="bogus").on_disconnect == "continue"
    assert request(on_disconnect="cancel").on_disconnect == "cancel"


def test_command_wins_over_input_and_an_empty_object_is_an_input() -> None:
    assert request(input={}).has_input
    assert not request().has_input
    assert not request(input={"a": 1}, command={"resume": 1}).has_input
    assert request(input={"a": 1}, command={}).has_input


def test_a_resume_needs_a_thread() -> None:
    with pytest.raises(BadRequest, match=r"^You must provide a thread_id when resuming\.$"):
        request(command={"resume": "x"}).require_stateless()
    request(command={"goto": "x"}).require_stateless()


def test_kwargs_are_the_recorded_ones() -> None:
    step = transcript("runs/background").steps[0]
    parsed = RunRequest.parse(step.request["json"])
    assistant = AssistantPart(step.response["json"]["assistant_id"], "slow", metadata={"created_by": "system"})
    merged = merge(assistant, ThreadPart(metadata={"owner": "ann"}), parsed.part())
    recorded = step.response["json"]["kwargs"]
    assert parsed.kwargs(merged) == recorded | {"config": recorded["config"] | {"configurable": {}}}


def row_of(**fields: Any) -> Run:
    """A run that is not stored."""
    kwargs = RunRequest("slow").kwargs(Merged({"configurable": {"k": 1}}, {}, {}, {}, {}))
    values = {"graph_id": "slow", "status": "pending", "kwargs": kwargs, "created_at": now(), "updated_at": now(), "assistant_id": uuid4()}
    return Run(thread_id=uuid4(), **values | fields)


def test_the_row_has_the_recorded_keys_and_shows_the_ids_the_graph_sees() -> None:
    run = row_of()
    row = run_json(run)
    recorded = transcript("runs/background").steps[0].response["json"]
    assert set(row) == set(recorded)
    assert set(row["kwargs"]) == set(recorded["kwargs"])
    assert row["kwargs"]["config"]["configurable"] == {
        "k": 1,
        "run_id": str(run.run_id),
        "thread_id": str(run.thread_id),
        "graph_id": "slow",
        "assistant_id": str(run.assistant_id),
    }


def test_a_cancelled_run_says_why() -> None:
    assert run_json(row_of(cancel_reason="interrupt"))["cancel_reason"] == "interrupt"


@pytest.mark.parametrize("select", [["run_id", "status"], ['["run_id","status"]'], ["run_id,status"]])
def test_a_list_selects_columns_in_every_spelling(select: list[str]) -> None:
    listed = RunList.parse({"select": select})
    assert listed.select == ("run_id", "status")
    assert set(listed.row(row_of())) == {"run_id", "status"}


def test_a_list_without_query_takes_ten_whole_rows() -> None:
    listed = RunList.parse({})
    assert (listed.limit, listed.offset, listed.status) == (10, 0, None)
    assert tuple(listed.row(row_of())) == COLUMNS


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(Invalid, match=r"^Invalid select columns: \['bogus'\]\. Expected: "):
        RunList.parse({"select": ["bogus"]})


def test_a_limit_that_is_no_number_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match=r"^invalid literal for int\(\) with base 10: 'abc'$"):
        RunList.parse({"limit": ["abc"]})


@pytest.mark.parametrize("query", [{"limit": ["-1"]}, {"limit": ["1001"]}, {"offset": ["9" * 30]}])
def test_numbers_out_of_range_are_refused(query: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid):
        RunList.parse(query)


@pytest.mark.parametrize("seconds", [-1, -0.001, 1e300, 10**40, "1", True])
def test_a_delay_is_a_number_of_seconds_that_can_come(seconds: Any) -> None:
    with pytest.raises(Invalid):
        request(after_seconds=seconds)
    assert request(after_seconds=1.5).after_seconds == 1.5


def test_one_wrong_body_refuses_the_batch() -> None:
    good = {"assistant_id": "slow", "input": None}
    assert RunRequest.parse_batch([good, good]) == [RunRequest("slow")] * 2
    with pytest.raises(Invalid, match="assistant_id"):
        RunRequest.parse_batch([good, {}])
    with pytest.raises(Invalid, match="more than 500 items"):
        RunRequest.parse_batch([good] * 501)
