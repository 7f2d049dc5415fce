"""JSON of graph values."""

import datetime as dt
import importlib.util
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langgraph.types import Command, Interrupt, Send

from runs.wire.encoding import dumps, dumps_message_tuple, dumps_whatever, message_json, to_json
from runs.wire.masking import MASKED

ROOT = Path(__file__).resolve().parents[2]
RECORDED = orjson.loads((ROOT / "conformance/data/runs/json_encoding.json").read_bytes())["steps"][0]["response"]["json"]["out"]


def odd_values() -> dict[str, Any]:
    """The values of the recorded graph."""
    spec = importlib.util.spec_from_file_location("odd_graph", ROOT / "graphs/odd.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["odd_graph"] = module
    spec.loader.exec_module(module)
    values: dict[str, Any] = module.VALUES
    return values


ODD = odd_values()


@pytest.mark.parametrize("key", RECORDED)
def test_odd_value_reads_as_recorded(key: str) -> None:
    assert to_json({"out": ODD[key]}) == {"out": RECORDED[key]}


@pytest.mark.parametrize(
    ("key", "message"),
    [("big_int", "Integer exceeds 64-bit range"), ("tuple_keys", "Dict key must a type serializable with OPT_NON_STR_KEYS")],
)
def test_refused_value_is_a_type_error_with_the_recorded_text(key: str, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        dumps(ODD[key])
    assert (type(raised.value).__name__, str(raised.value)) == ("TypeError", message)


def test_keys_of_messages_are_in_the_order_of_the_wire() -> None:
    common = ["content", "additional_kwargs", "response_metadata", "type", "name", "id"]
    assert list(to_json(HumanMessage("hi"))) == list(to_json(SystemMessage("hi"))) == common
    assert list(to_json(AIMessage("hi"))) == [*common, "tool_calls", "invalid_tool_calls", "usage_metadata"]
    assert list(to_json(ToolMessage("hi", tool_call_id="c"))) == [*common, "tool_call_id", "artifact", "status"]


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage([{"type": "text", "text": "a"}], id="h", name="n"),
        AIMessage(
            "x",
            tool_calls=[{"name": "f", "args": {"a": 1}, "id": "1"}],
            usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        ),
        ToolMessage("x", tool_call_id="1", artifact={"k": [1]}, status="error"),
        AIMessageChunk(content="x", tool_call_chunks=[{"name": "f", "args": "", "id": "1", "index": 0}], chunk_position="last"),
        AIMessage.model_validate({"content": "x", "unknown": {"kept": True}}),
    ],
)
def test_fast_form_of_a_message_is_what_pydantic_writes(message: Any) -> None:
    assert orjson.loads(orjson.dumps(message_json(message))) == message.model_dump(mode="json")


def test_token_event_is_chunk_and_metadata() -> None:
    metadata = {"langgraph_node": "agent"}
    data = dumps_message_tuple(AIMessageChunk(content="to", id="m"), orjson.Fragment(orjson.dumps(metadata)))
    chunk, read = orjson.loads(data)
    assert (chunk["content"], chunk["type"], chunk["chunk_position"], read) == ("to", "AIMessageChunk", None, metadata)


def test_messages_are_found_at_any_depth() -> None:
    assert to_json({"a": [({"m": HumanMessage("hi", id="1")},)]})["a"][0][0]["m"]["id"] == "1"


def test_nul_becomes_a_replacement_character_and_an_escaped_backslash_stays() -> None:
    values = ["\0", "a\0\0b", "\\u0000", "\\\0", {"k\0": 1}]
    assert to_json(values) == ["\ufffd", "a\ufffd\ufffdb", "\\u0000", "\\\ufffd", {"k\ufffd": 1}]


def test_lone_surrogates_become_question_marks_everywhere() -> None:
    value = {"m": HumanMessage("a\ud800", id="1"), "\udfff": [("\ud800", dt.date(2020, 1, 2))], "i": Interrupt("\ud800", "x"), 1: {b"a"}}
    read = to_json(value)
    assert read["m"]["content"] == "a?"
    assert read["?"] == [["?", "2020-01-02"]]
    assert read["i"]["value"] == "?"
    assert read["1"] == ["YQ=="]


def test_integers_of_64_bit_pass() -> None:
    assert to_json([2**63 - 1, 2**64 - 1, -(2**63)]) == [2**63 - 1, 2**64 - 1, -(2**63)]


def test_an_exception_shows_its_message_only_where_its_class_is_known() -> None:
    class Secret(Exception):
        """Of a graph's author."""

        def dict(self) -> dict[str, str]:
            return {"password": "p"}

    assert to_json([ValueError("m"), Secret("p")]) == [
        {"error": "ValueError", "message": "m"},
        {"error": "Secret", "message": MASKED},
    ]


def test_commands_and_sends_are_objects() -> None:
    command: Command[Any] = Command(update={"a": 1}, goto=[Send("work", {"n": 1})])
    assert to_json(command) == {"graph": None, "update": {"a": 1}, "resume": None, "goto": [{"node": "work", "args": {"n": 1}}]}


def test_what_only_observes_a_run_shows_null_where_values_cannot_be_json() -> None:
    class Broken:
        def model_dump(self) -> None:
            raise RuntimeError

    circle: list[Any] = []
    circle.append(circle)
    bad = {"big": 2**70, "kept": [1, {"deep": Broken()}], ("a", 1): "key", "message": AIMessage("x", additional_kwargs={"big": 2**70})}
    read = orjson.loads(dumps_whatever({"data": bad}))["data"]
    assert (read["big"], read["kept"], read["('a', 1)"]) == (None, [1, {"deep": None}], "key")
    assert (read["message"]["content"], read["message"]["additional_kwargs"]) == ("x", {"big": None})
    assert dumps_whatever({"circle": circle}).startswith(b'{"circle":[[')
    assert dumps_whatever({"a": 1}) == dumps({"a": 1})
