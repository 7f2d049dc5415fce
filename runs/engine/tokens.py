"""Tokens straight from the model to the stream, where nothing else that is asked for could be overtaken by them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from langgraph.pregel._messages import StreamMessagesHandler

from runs.engine.prepare import Call

Send = Callable[[tuple[str, ...], str, Any], None]

# Values come between steps only, and LangGraph hands them over before the next step starts. What tasks, updates and custom data tell
# comes in the middle of a step, through LangGraph's queue: then tokens go through it, too, and keep their place.
_ASIDE = frozenset({"messages", "messages-tuple", "values"})


@contextmanager
def straight(call: Call, asked: frozenset[str], send: Send) -> Iterator[Call]:
    """The call to make. LangGraph's queue, its task and three generators cost a third of a token; its handler alone does not need them.

    Raises the TypeError of a token that was no JSON when the block ends well.
    """
    if "messages" not in call.modes or call.subgraphs or not asked <= _ASIDE:
        yield call
        return
    tokens = _Tokens(send)
    try:
        modes = [mode for mode in call.modes if mode != "messages"]
        yield replace(call, modes=modes, config={**call.config, "callbacks": [tokens]})
    finally:
        tokens.closed = True
    if tokens.error is not None:
        raise tokens.error


class _Tokens(StreamMessagesHandler):
    """LangGraph's own handler of the mode `messages`, given to it as a callback; nothing passes after the run has ended."""

    def __init__(self, send: Send) -> None:
        super().__init__(self._pass_on, subgraphs=True, parent_ns=())
        self._send = send
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self.closed = False
        self.error: TypeError | None = None

    def on_chain_start(self, *args: Any, **kwargs: Any) -> Any:
        """The first is the root graph's. LangGraph takes from it what streams one graph alone, as if it came from another: so only now."""
        self.subgraphs = False
        return super().on_chain_start(*args, **kwargs)

    def _pass_on(self, chunk: tuple[tuple[str, ...], str, Any]) -> None:
        if threading.get_ident() == self._thread:
            self._sent(chunk)
        else:  # a synchronous node: its end comes to the loop the same way, so after its tokens
            self._loop.call_soon_threadsafe(self._sent, chunk)

    def _sent(self, chunk: tuple[tuple[str, ...], str, Any]) -> None:
        if self.closed:
            return
        try:
            self._send(*chunk)
        except TypeError as error:  # LangChain logs what a handler raises, and goes on
            self.error = self.error or error
