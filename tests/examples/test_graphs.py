"""The graphs that ship, without a model's key."""

from typing import Any

import jsonschema_rs
import pytest
from langchain_core.messages import AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from assistants.registry.loader import Registry

APPROVED = {"type": "approve"}
EDITED = {"type": "edit", "edited_action": {"name": "refund", "args": {"order_id": "1234", "amount": 5}}}


async def asked(examples: Registry, text: str, resume: dict[str, Any] | None = None) -> tuple[Any, Any]:
    """The question to a person and the last message, after the answer if there is one."""
    saver = InMemorySaver()
    config: Any = {"configurable": {"thread_id": "1"}}
    async with examples.get("support").graph(config, purpose="run", checkpointer=saver, store=None) as graph:
        values = await graph.ainvoke({"messages": text}, config)
        question = values["__interrupt__"][0] if "__interrupt__" in values else None
        if resume:
            values = await graph.ainvoke(Command(resume=resume), config)
        return question, values["messages"][-1].text


def test_every_example_loads(examples: Registry) -> None:
    shipped = ("echo", "support", "research", "task_maistro")
    assert [(graph.graph_id, graph.error) for graph in examples] == [(name, None) for name in shipped]
    assert all(graph.description and graph.drawing["nodes"] and graph.schemas["input_schema"] for graph in examples)


async def test_echo_streams_every_word_with_ids_of_the_input(examples: Registry) -> None:
    async def words(text: str) -> tuple[list[str], set[str | None]]:
        async with examples.get("echo").graph({}, purpose="run", checkpointer=None, store=None) as graph:
            streamed: list[Any] = [part async for part, _ in graph.astream({"messages": text}, stream_mode="messages")]
        parts = [part for part in streamed if isinstance(part, AIMessageChunk)]
        assert len(parts) == len(streamed)
        return [part.text for part in parts], {part.id for part in parts}

    tokens, ids = await words("one two  three")
    assert tokens == ["one", " two", " ", " three", ""] and len(ids) == 1
    assert await words("one two  three") == (tokens, ids)
    assert (await words("other"))[1] != ids


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", "I can look up an order ('order 1234') or refund it ('refund order 1234')."),
        ("where is order 5678?", "Order 5678: two cups, 18.50 EUR, on its way."),
        ("order 9", "There is no order 9."),
        ("refund order 9", "There is no order 9."),
    ],
)
async def test_support_needs_nobody_to_look_something_up(examples: Registry, text: str, answer: str) -> None:
    assert await asked(examples, text) == (None, answer)


@pytest.mark.parametrize(
    ("decision", "answer"),
    [
        (APPROVED, "Approved: refunded 49.00 EUR for order 1234."),
        (EDITED, "Approved with changes: refunded 5.00 EUR for order 1234."),
        ({"type": "respond", "message": "Send a photo"}, "Not refunded yet. A person says: Send a photo"),
        ({"type": "reject", "message": "Too late"}, "Rejected: order 1234 is not refunded. Reason: Too late"),
    ],
)
async def test_a_refund_is_what_a_person_decided(examples: Registry, decision: dict[str, Any], answer: str) -> None:
    question, told = await asked(examples, "Please refund order 1234", decision)
    assert question.value == {"type": "tool_approval", "action": "refund", "args": {"order_id": "1234", "amount": 49.0}}
    assert jsonschema_rs.validator_for(question.response_schema).is_valid(decision)
    assert told == answer


@pytest.mark.parametrize(
    "answer", ["approve", True, {}, {"type": "maybe"}, {"type": "reject"}, {"type": "approve", "more": 1}, EDITED | {"edited_action": {}}]
)
async def test_other_answers_do_not_fit_the_schema(examples: Registry, answer: object) -> None:
    question, _ = await asked(examples, "refund order 1234 of 20")
    assert question.value["args"] == {"order_id": "1234", "amount": 20.0}
    assert not jsonschema_rs.validator_for(question.response_schema).is_valid(answer)
