"""The comparison itself."""

from typing import Any

import pytest

from tests.conformance.matching import Bindings, differences

THREAD = "018f0000-0000-7000-8000-000000000001"


def pointers(expected: Any, actual: Any, bindings: Bindings | None = None) -> list[str]:
    """Where they differ, as parts of a JSON body."""
    return [found.pointer for found in differences(expected, actual, bindings or Bindings(), "/json")]


def test_a_placeholder_stands_for_one_value() -> None:
    assert pointers({"a": "<thread-1>", "b": "<thread-1>"}, {"a": THREAD, "b": THREAD}) == []
    assert pointers({"a": "<thread-1>", "b": "<thread-1>"}, {"a": THREAD, "b": "other"}) == ["/json/b"]


def test_placeholders_are_found_inside_texts_and_keys() -> None:
    bindings = Bindings()
    assert pointers({"event": "values|middle:<task-1>|inner:<task-2>"}, {"event": "values|middle:t1|inner:t2"}, bindings) == []
    assert pointers({"<task-1>": [], "<task-2>": []}, {"t2": [], "t1": []}, bindings) == []
    assert bindings.fill("/x/<task-2>") == "/x/t2"


def test_a_key_is_told_by_its_value() -> None:
    bindings = Bindings({"<interrupt-1>": "1", "<interrupt-2>": "2"})
    recorded = {"<task-1>": [{"id": "<interrupt-1>"}], "<task-2>": [{"id": "<interrupt-2>"}]}
    assert pointers(recorded, {"t2": [{"id": "2"}], "t1": [{"id": "1"}]}, bindings) == []
    assert bindings.values["<task-1>"] == "t1"


def test_one_text_may_name_a_placeholder_twice() -> None:
    assert pointers("<run-1>/<run-1>", "a/a") == []
    assert pointers("<run-1>/<run-1>", "a/b") == ["/json"]


def test_times_need_only_be_times() -> None:
    assert pointers(["<time>", "<time>"], ["2026-01-01T00:00:00.000001+00:00", "2026-01-02T00:00:00+00:00"]) == []
    assert pointers("<time>", "yesterday") == ["/json"]


def test_numbers_in_place_of_milliseconds_fit() -> None:
    assert pointers({"t": "<ms>"}, {"t": 1700000000000}) == []


def test_a_shortened_row_may_have_more_keys_but_not_fewer() -> None:
    assert pointers({"status": "idle"}, {"status": "idle", "more": 1}) == []
    assert pointers([{"status": "idle", "error": None}], [{"status": "idle"}]) == ["/json/0/error"]


def test_a_whole_row_may_not_have_more_keys() -> None:
    row = {"run_id": "r", "kwargs": {}}
    assert pointers(row, row | {"more": 1}) == ["/json/more"]


def test_inner_objects_are_compared_whole() -> None:
    assert pointers({"values": {"a": 1}}, {"values": {"a": 1, "b": 2}}) == ["/json/values/b"]


def test_stream_data_is_compared_whole() -> None:
    found = differences({"a": 1}, {"a": 1, "b": 2}, Bindings(), "/sse/0/data")
    assert [each.pointer for each in found] == ["/sse/0/data/b"]


def test_facts_about_the_recorded_deployment_do_not_count() -> None:
    recorded = {"metadata": {"langgraph_plan": "enterprise", "user_id": "", "step": 1}}
    assert pointers(recorded, {"metadata": {"step": 1, "user_id": "key:1"}}) == []
    assert pointers({"context": {"user_id": "ann"}}, {"context": {}}) == ["/json/context/user_id"]


@pytest.mark.parametrize(("expected", "actual"), [("pending", "running"), ("running", "pending")])
def test_how_far_a_run_has_come_does_not_count(expected: str, actual: str) -> None:
    assert pointers(expected, actual) == []
    assert pointers(expected, "success") == ["/json"]


@pytest.mark.parametrize(("expected", "actual"), [(1, True), (None, {}), ([1], [1, 2]), ("a.c", "abc"), ("1", None), ({}, [])])
def test_different_values_differ(expected: Any, actual: Any) -> None:
    assert len(pointers(expected, actual)) == 1


def test_an_unbound_placeholder_of_a_request_is_an_id_that_nobody_has() -> None:
    bindings = Bindings()
    first = bindings.fill({"<interrupt-9>": "/runs/<run-1>"})
    assert first == bindings.fill({"<interrupt-9>": "/runs/<run-1>"})
    assert len(next(iter(first))) == 32
