"""The mode `messages`: what is sent for tokens and for whole messages."""

import gc
from typing import Any

import orjson
import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessageChunk,
    ChatMessageChunk,
    FunctionMessageChunk,
    HumanMessageChunk,
    SystemMessageChunk,
    ToolMessage,
    ToolMessageChunk,
    message_chunk_to_message,
)

from runs.wire.encoding import dumps
from runs.wire.messages import Messages

CALL: dict[str, Any] = {"langgraph_node": "agent"}
USAGE: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}


def ai(content: Any, **fields: Any) -> AIMessageChunk:
    """A token."""
    return AIMessageChunk(content=content, id="m", **fields)


def part(args: str, name: str | None = None) -> AIMessageChunk:
    """A piece of a tool call."""
    return ai("", tool_call_chunks=[{"name": name, "args": args, "id": name and "call", "index": 0}])


def text_block(text: str) -> AIMessageChunk:
    """A token as some providers send it."""
    return ai([{"type": "text", "text": text, "index": 0}])


def wholes(messages: Messages, *chunks: Any, call: dict[str, Any] = CALL) -> list[Any]:
    """The data of the last frame for each chunk."""
    return [orjson.loads(messages.frames(chunk, call)[-1][1])[0] for chunk in chunks]


@pytest.mark.parametrize(
    "chunks",
    [
        [ai("You"), ai(" said:"), ai(" hello"), ai("", response_metadata={"finish_reason": "stop"}, usage_metadata=USAGE)],
        [ai("", response_metadata={"model": "x"}), ai("a"), ai("b", name="n"), ai("c", additional_kwargs={"k": "v"}), ai("d")],
        [part("", "get_weather"), part('{"ci'), part('ty": "Os'), part('lo"}'), ai("", chunk_position="last", usage_metadata=USAGE)],
        [text_block("You"), text_block(" said"), ai("hello"), text_block(" again")],
        [ai("text"), text_block("then a block"), ai("text")],
        [HumanMessageChunk(content="a", id="m"), HumanMessageChunk(content="b", id="m")],
        [SystemMessageChunk(content="a", id="m"), SystemMessageChunk(content="b", id="m")],
        [ToolMessageChunk(content="a", id="m", tool_call_id="t"), ToolMessageChunk(content="b", id="m", tool_call_id="t")],
        [ChatMessageChunk(content="a", id="m", role="r"), ChatMessageChunk(content="b", id="m", role="r")],
        [FunctionMessageChunk(content="a", id="m", name="f"), FunctionMessageChunk(content="b", id="m", name="f")],
    ],
)
def test_each_token_shows_the_message_that_langchain_would_have_added_up(chunks: list[BaseMessageChunk]) -> None:
    messages, summed = Messages(), chunks[0]
    for at, chunk in enumerate(chunks):
        summed = chunk if at == 0 else summed + chunk
        assert messages.frames(chunk, CALL)[-1] == ("messages/partial", dumps([message_chunk_to_message(summed)]))


def test_metadata_comes_once_per_message() -> None:
    messages = Messages()
    names = [name for chunk in (ai("a"), ai("b"), ToolMessage("t", id="t", tool_call_id="c")) for name, _ in messages.frames(chunk, CALL)]
    assert names == ["messages/metadata", "messages/partial", "messages/partial", "messages/metadata", "messages/complete"]
    first = Messages().frames(ai("a"), CALL)[0]
    assert orjson.loads(first[1]) == {"m": {"metadata": CALL}}


def test_messages_that_take_turns_do_not_mix() -> None:
    other: dict[str, Any] = {"langgraph_node": "other"}
    messages = Messages()
    wholes(messages, ai("a"))
    wholes(messages, AIMessageChunk(content="x", id="o"), call=other)
    assert wholes(messages, ai("b"))[0]["content"] == "ab"
    assert wholes(messages, AIMessageChunk(content="y", id="o"), call=other)[0]["content"] == "xy"


def test_who_listens_late_is_shown_the_whole_text() -> None:
    messages = Messages()
    for chunk in (ai("a"), ai("b"), part("{}", "f")):
        messages.add(chunk, CALL)
    (shown,) = wholes(messages, ai("c"))
    assert (shown["content"], shown["tool_calls"][0]["name"]) == ("abc", "f")


def test_a_repeated_call_under_the_same_id_starts_over() -> None:
    messages = Messages()
    wholes(messages, ai("half a sen"))
    assert wholes(messages, ai("a sentence"), call=dict(CALL))[0]["content"] == "a sentence"


def test_a_message_that_comes_whole_replaces_its_tokens() -> None:
    messages = Messages()
    wholes(messages, ai("a"))
    assert messages.frames(AIMessage("the whole", id="m"), CALL) == [("messages/complete", dumps([AIMessage("the whole", id="m")]))]
    messages.add(AIMessage("the whole", id="m"), CALL)
    assert wholes(messages, ai("b"))[0]["content"] == "b"


def test_tokens_that_nobody_is_shown_are_not_kept() -> None:
    messages, words = Messages(), [str(number) for number in range(1000)]
    for word in words:
        messages.add(ai(word), CALL)
    gc.collect()
    assert sum(type(each) is AIMessageChunk for each in gc.get_objects()) < 200
    assert wholes(messages, ai("!"))[0]["content"] == "".join(words) + "!"
