"""Bodies of assistants and what they may not hold."""

from typing import Any
from uuid import UUID

import pytest

from assistants import wire
from tenants.exceptions import BadRequest, DomainError, Invalid
from tenants.validation import path_id


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, '"graph_id" is a required property\n\nFailed validating "required" in schema\n\nOn instance:\n    {}'),
        ([], '[] is not of type "object"\n\nFailed validating "type" in schema\n\nOn instance:\n    []'),
        (
            {"graph_id": "chat", "if_exists": "replace"},
            '"replace" is not one of "raise" or "do_nothing"\n\nFailed validating "enum" in schema["properties"]["if_exists"]\n\n'
            'On instance["if_exists"]:\n    "replace"',
        ),
        (
            {"graph_id": "chat", "name": 5},
            '5 is not of type "string"\n\nFailed validating "type" in schema["properties"]["name"]\n\nOn instance["name"]:\n    5',
        ),
        ({"graph_id": "chat", "assistant_id": "not-a-uuid"}, "Invalid assistant ID: must be a UUID"),
    ],
)
def test_a_wrong_create_says_what_is_wrong(body: object, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.AssistantCreate.parse(body)
    assert str(refused.value) == text


@pytest.mark.parametrize(
    ("body", "start"),
    [
        ({"select": ["name", "bogus"]}, '"bogus" is not one of "assistant_id", "graph_id" or 8 other candidates'),
        ({"sort_by": "bogus"}, '"bogus" is not one of "assistant_id", "created_at" or 3 other candidates'),
        ({"limit": 0}, "0 is less than the minimum of 1"),
        ({"limit": 1001}, "1001 is greater than the maximum of 1000"),
        ({"offset": -1}, "-1 is less than the minimum of 0"),
        ({"offset": 10**20}, "100000000000000000000 is greater than the maximum of 2147483647"),
        ({"limit": 1.5}, '1.5 is not of type "integer"'),
    ],
)
def test_a_wrong_search_says_what_is_wrong(body: object, start: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.AssistantSearch.parse(body)
    assert str(refused.value).startswith(start)


def test_numbers_without_fraction_are_integers() -> None:
    search = wire.AssistantSearch.parse({"limit": 5.0, "offset": 2.0})
    assert (repr(search.limit), repr(search.offset), repr(wire.parse_latest({"version": 1.0}))) == ("5", "2", "1")


@pytest.mark.parametrize(
    ("body", "config", "context"),
    [
        ({}, {}, {}),
        ({"context": {"a": 1}}, {"configurable": {"a": 1}}, {"a": 1}),
        ({"config": {"tags": ["t"], "configurable": {"a": 1}}}, {"tags": ["t"], "configurable": {"a": 1}}, {"a": 1}),
        ({"config": {"tags": ["t"]}, "context": {"a": 1}}, {"tags": ["t"], "configurable": {"a": 1}}, {"a": 1}),
        ({"config": {"configurable": {"__x": 1, "langgraph_auth_user_id": 1, "langgraph_request_id": 1}}}, {"configurable": {}}, {}),
        ({"context": {"__x": 1, "langgraph_auth_permissions": [], "a": 1}}, {"configurable": {"a": 1}}, {"a": 1}),
    ],
)
def test_configurable_and_context_mirror_each_other(body: dict[str, Any], config: object, context: object) -> None:
    parsed = wire.AssistantCreate.parse({"graph_id": "chat"} | body)
    assert (parsed.config, parsed.context) == (config, context)


@pytest.mark.parametrize("parse", [wire.AssistantCreate.parse, wire.AssistantPatch.parse])
def test_configurable_and_context_together_contradict(parse: Any) -> None:
    with pytest.raises(BadRequest, match="Cannot specify both configurable and context"):
        parse({"graph_id": "chat", "config": {"configurable": {"a": 1}}, "context": {"b": 2}})


def test_reserved_metadata_is_dropped() -> None:
    metadata = {"team": "red", "assistant_id": "x", "thread_id": "y", "run_id": "z", "cron_id": "c"}
    assert wire.AssistantCreate.parse({"graph_id": "chat", "metadata": metadata}).metadata == {"team": "red"}


def test_an_empty_patch_changes_nothing() -> None:
    patch = wire.AssistantPatch.parse({"surprise": True})
    assert [getattr(patch, name) for name in ("graph_id", "name", "description", "config", "context", "metadata")] == [None] * 6


@pytest.mark.parametrize(("text", "depth"), [(None, False), ("false", False), ("False", False), ("true", True), ("2", 2)])
def test_xray_is_a_switch_or_a_depth(text: str | None, depth: int | bool) -> None:
    assert wire.parse_xray(text) == depth


@pytest.mark.parametrize("text", ["0", "abc", "-1", "1.5", "²"])
def test_another_xray_is_refused(text: str) -> None:
    with pytest.raises(DomainError, match="Invalid xray value"):
        wire.parse_xray(text)


def test_ids_are_uuids() -> None:
    assert path_id("11111111-1111-4111-8111-111111111111", "assistant") == UUID(int=0x11111111_1111_4111_8111_111111111111)
    with pytest.raises(Invalid, match="Invalid assistant ID: must be a UUID"):
        path_id("chat", "assistant")
