"""Bodies of wait and join."""

from typing import Any

import orjson
import pytest
from langgraph.types import Interrupt

from runs.models import Run, Thread
from runs.wire.wait import join_body, wait_body

ONE = Interrupt({"side": "left"}, "1")
TWO = Interrupt({"side": "right"}, "2")
SHOWN = {"value": {"side": "left"}, "id": "1", "response_schema": None}


def test_values_are_the_body() -> None:
    assert orjson.loads(wait_body({"a": 1})) == {"a": 1}
    assert orjson.loads(wait_body(5)) == 5


def test_no_values_are_an_empty_object() -> None:
    assert wait_body(None) == b"{}"


def test_one_interrupt_comes_with_the_values() -> None:
    assert orjson.loads(wait_body({"a": 1}, [ONE])) == {"a": 1, "__interrupt__": [SHOWN]}


def test_several_interrupts_come_without_the_values() -> None:
    body = orjson.loads(wait_body({"a": 1}, [ONE, TWO]))
    assert list(body) == ["__interrupt__"]
    assert [interrupt["id"] for interrupt in body["__interrupt__"]] == ["1", "2"]


def test_an_interrupt_of_the_functional_api_comes_alone() -> None:
    assert orjson.loads(wait_body(None, [ONE])) == {"__interrupt__": [SHOWN]}


def test_an_error_comes_alone() -> None:
    error = {"error": "ValueError", "message": "bad"}
    assert orjson.loads(wait_body({"a": 1}, [ONE], error)) == {"__error__": error}


STORED = {"t1": [{"id": "1", "value": 1}], "t2": [{"id": "2", "value": 2}]}


@pytest.mark.parametrize(
    ("status", "thread", "body"),
    [
        ("success", {"values": {"a": 1}}, {"a": 1}),
        ("success", {"values": None}, {}),
        ("success", {"values": {"a": 1}, "interrupts": STORED}, {"__interrupt__": [{"id": "1", "value": 1}, {"id": "2", "value": 2}]}),
        ("interrupted", {"values": {"a": 1}}, {"a": 1}),
        ("error", {"values": {"a": 1}}, {"__error__": {"error": "E", "message": "m"}}),
        ("timeout", {"values": {"a": 1}}, {"__error__": {"error": "E", "message": "m"}}),
    ],
)
def test_join_of_a_finished_run_reads_the_rows(status: str, thread: dict[str, Any], body: Any) -> None:
    run = Run(status=status, error={"error": "E", "message": "m"} if status in ("error", "timeout") else None)
    assert orjson.loads(join_body(Thread(**thread), run)) == body
