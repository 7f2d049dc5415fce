"""Merging of assistant, thread and run: one test per row of the recorded rules."""

from typing import Any

import orjson
import pytest

from runs.wire.merge import (
    PINNED,
    AssistantPart,
    RunPart,
    ThreadPart,
    admitted_context,
    merge,
    merge_config,
    merge_context,
    merge_metadata,
    merge_thread_config,
    merge_thread_metadata,
    own_config,
)
from tests.conformance.transcripts import DATA

RECORDED = orjson.loads((DATA / "runs/config_context_metadata.json").read_bytes())["steps"]
CONTEXT_KEYS = frozenset({"user_id", "tone", "limit"})
ASSISTANT = AssistantPart(
    assistant_id="<assistant-1>",
    graph_id="memory",
    config=RECORDED[0]["response"]["json"]["config"],
    context=RECORDED[0]["response"]["json"]["context"],
    metadata=RECORDED[0]["response"]["json"]["metadata"],
    context_keys=CONTEXT_KEYS,
)
THREAD = ThreadPart(metadata=RECORDED[1]["response"]["json"]["metadata"])
RUN = RunPart(config=own_config(RECORDED[2]["request"]["json"]["config"]), metadata=RECORDED[2]["request"]["json"]["metadata"])
ROW = RECORDED[2]["response"]["json"]
THREAD_ROW = RECORDED[3]["response"]["json"]
BUILTIN = AssistantPart("b", "memory", metadata={"created_by": "system"}, context_keys=CONTEXT_KEYS)
USED_THREAD = ThreadPart(config=THREAD_ROW["config"], metadata=THREAD_ROW["metadata"])


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The values that are not the server's."""
    return {key: value for key, value in values.items() if key not in keys}


def test_run_metadata_is_merged_and_names_graph_and_assistant() -> None:
    assert merge_metadata(ASSISTANT, THREAD, RUN) == ROW["metadata"]


def test_metadata_of_a_builtin_assistant_reaches_its_runs() -> None:
    metadata = merge_metadata(BUILTIN, ThreadPart(), RunPart(metadata={"m": 1}))
    assert metadata == {"created_by": "system", "m": 1, "graph_id": "memory", "assistant_id": "b"}


def test_configurable_of_the_run_wins_over_the_assistants_and_nobody_names_the_user() -> None:
    assert merge_config(ASSISTANT, THREAD, RUN)["configurable"] == {"tone": "cold", "extra": "e"}


def test_tags_are_replaced_and_the_limit_of_the_assistant_stays() -> None:
    config = merge(ASSISTANT, THREAD, RUN).config
    assert without(config, "configurable") == without(ROW["kwargs"]["config"], "configurable")


def test_configurable_becomes_context_on_top_of_the_assistants() -> None:
    assert merge_context(ASSISTANT, RUN) == ROW["kwargs"]["context"]


def test_context_of_a_run_is_merged_over_the_assistants_without_unknown_keys() -> None:
    run = RunPart(context=RECORDED[5]["request"]["json"]["context"])
    assert merge_context(ASSISTANT, run) == {"user_id": "bob", "tone": "warm"}
    assert merge_config(ASSISTANT, USED_THREAD, run)["configurable"] == {"tone": "warm"}
    assert merge_config(ASSISTANT, USED_THREAD, run)["tags"] == ["from-assistant"]


def test_thread_config_gives_configurable_but_neither_context_nor_tags() -> None:
    run = RunPart(config={"configurable": {"user_id": "zoe"}})
    config = merge_config(BUILTIN, USED_THREAD, run)
    assert merge_context(BUILTIN, run) == {"user_id": "zoe"}
    assert config == {"configurable": {"tone": "warm"}}


def test_thread_config_is_set_by_the_first_run_without_its_configurable() -> None:
    assert merge_thread_config(ASSISTANT, THREAD, RUN) == THREAD_ROW["config"]


def test_thread_config_is_not_changed_later() -> None:
    assert merge_thread_config(BUILTIN, USED_THREAD, RUN) == THREAD_ROW["config"]


def test_thread_metadata_names_the_latest_graph_and_takes_nothing_else_of_a_run() -> None:
    assert merge_thread_metadata(ASSISTANT, THREAD, RUN) == THREAD_ROW["metadata"]


def test_a_thread_made_by_a_run_takes_its_metadata() -> None:
    run = RunPart(config={"metadata": {"b": 2}, "tags": ["t"], "configurable": {"thread_owner": "ann"}}, metadata={"a": 1})
    fresh = ThreadPart(fresh=True)
    assert merge_thread_metadata(BUILTIN, fresh, run) == {"b": 2, "a": 1, "graph_id": "memory", "assistant_id": "b"}
    assert merge_thread_config(BUILTIN, fresh, run) == {"metadata": {"b": 2}, "configurable": {}, "tags": ["t"]}


def test_context_is_narrowed_to_the_schema_of_the_graph() -> None:
    assert admitted_context({"tone": "cold", "extra": "e"}, {"tone", "limit"}) == {"tone": "cold"}
    assert admitted_context({"extra": "e"}, None) == {"extra": "e"}


@pytest.mark.parametrize(
    "key",
    [
        *sorted(PINNED),
        "__pregel_resuming",
        "langgraph_auth_user",
        "langgraph_auth_user_id",
        "langgraph_auth_permissions",
        "langgraph_request_id",
    ],
)
def test_nobody_sets_what_is_the_servers(key: str) -> None:
    run = RunPart(config=own_config({"configurable": {key: "mine", "kept": 1}}))
    assistant = AssistantPart("b", "memory", config={"configurable": {key: "mine"}} if not key.startswith(("__", "lang")) else {})
    assert merge_config(assistant, ThreadPart(), run)["configurable"] == {"kept": 1}


def test_config_keeps_only_what_a_client_may_say() -> None:
    given = {"tags": ["t"], "recursion_limit": 5.0, "callbacks": [1], "run_id": "x", "metadata": {"run_id": "x", "k": 1}}
    assert own_config(given) == {"tags": ["t"], "recursion_limit": 5, "metadata": {"k": 1}}


def test_keys_of_an_assistants_config_that_langgraph_does_not_know_stay_out_of_its_runs() -> None:
    merged = merge_config(AssistantPart("a", "g", config={"callbacks": 1, "tags": ["a"]}), ThreadPart(), RunPart())
    assert merged == {"tags": ["a"], "configurable": {}}
