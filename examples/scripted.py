"""The chat model of the examples: a real one if MODEL names it, else a scripted one that needs no key."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall, ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

Reply = Callable[[Sequence[BaseMessage]], AIMessage]


class ScriptedChatModel(BaseChatModel):
    """Answers what its script says, one word per token.

    Ids depend on the messages alone, so the same conversation has the same tokens and ids wherever and however often it runs.
    """

    script: Reply
    word_seconds: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        """The script knows its tools."""
        return self

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in chunks(self._answer(messages)):
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in chunks(self._answer(messages)):
            if self.word_seconds and chunk.message.content:
                await asyncio.sleep(self.word_seconds)
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk

    def _answer(self, messages: Sequence[BaseMessage]) -> AIMessage:
        answer = self.script(messages)
        digest = hashlib.sha256(
            "\x1f".join(f"{message.type}:{message.content}" for message in messages).encode("utf-8", "replace")
        ).hexdigest()
        answer.id = f"ai-{digest[:12]}"
        answer.tool_calls = [ToolCall(call, id=f"call-{digest[:12]}-{number}") for number, call in enumerate(answer.tool_calls)]
        return answer


def chunks(answer: AIMessage) -> Iterator[ChatGenerationChunk]:
    """An answer as a provider streams it: words, tool calls, and an empty end."""
    words = str(answer.content).split(" ") if answer.content else []
    for number, word in enumerate(words):
        yield ChatGenerationChunk(message=AIMessageChunk(content=word if number == 0 else f" {word}", id=answer.id))
    for index, call in enumerate(answer.tool_calls):
        piece = ToolCallChunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=index, type="tool_call_chunk")
        yield ChatGenerationChunk(message=AIMessageChunk(content="", id=answer.id, tool_call_chunks=[piece]))
    reason = "tool_calls" if answer.tool_calls else "stop"
    yield ChatGenerationChunk(
        message=AIMessageChunk(content="", id=answer.id, response_metadata={"finish_reason": reason}, chunk_position="last")
    )


def chat_model(script: Reply) -> BaseChatModel:
    """`MODEL=provider:name` and the provider's key, or the script."""
    name = os.environ.get("MODEL")
    return init_chat_model(name) if name else ScriptedChatModel(script=script)


def paced(model: BaseChatModel, word_seconds: float) -> BaseChatModel:
    """The scripted model with a pause before every word; a real one keeps its own pace."""
    if not isinstance(model, ScriptedChatModel) or not word_seconds:
        return model
    return model.model_copy(update={"word_seconds": word_seconds})


def text_of(message: BaseMessage) -> str:
    """The text of a message, whatever blocks it is made of."""
    return str(message.text)
