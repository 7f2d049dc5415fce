"""Tokens take the short way where it makes no difference: what is told is the same, in the same order."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import orjson
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt
from typing_extensions import TypedDict

from assistants.registry.factory import AnyPregel
from runs.models import Run, RunEvent
from runs.wire.events import END as OVER
from tests.runs.engine.office import Opened, published

WORDS = ("one", " two", " three")


class State(TypedDict, total=False):
    """A conversation."""

    messages: Annotated[list[Any], add_messages]


class Speaker(GenericFakeChatModel):
    """Says three words under an id."""

    name_of: str
    extra: dict[str, Any] = {}

    def _chunks(self) -> Iterator[ChatGenerationChunk]:
        for word in WORDS:
            last: Any = "last" if word == WORDS[-1] else None
            chunk = AIMessageChunk(content=word, id=self.name_of, additional_kwargs=self.extra, chunk_position=last)
            yield ChatGenerationChunk(message=chunk)

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield from self._chunks()

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks():
            await asyncio.sleep(0)
            yield chunk


def speaker(name: str, **extra: Any) -> Speaker:
    """A model."""
    return Speaker(messages=iter(()), name_of=name, extra=extra)


def graph(builder: Any, *nodes: tuple[str, Any], parallel: bool = False) -> AnyPregel:
    """One node after the other, or side by side."""
    for at, (name, node) in enumerate(nodes):
        builder.add_node(name, node)
        builder.add_edge(START if parallel or at == 0 else nodes[at - 1][0], name)
    builder.add_edge([name for name, _ in nodes] if parallel else nodes[-1][0], END)
    made: AnyPregel = builder.compile()
    return made


def asynchronous(name: str) -> Any:
    """A node that speaks on the loop."""

    async def node(state: State) -> State:
        return {"messages": [await speaker(name).ainvoke("hi")]}

    return node


def synchronous(name: str) -> Any:
    """A node that speaks in a thread."""
    return lambda state: {"messages": [speaker(name).invoke("hi")]}


def written(name: str) -> Any:
    """A node that brings a message which no model has streamed."""
    return lambda state: {"messages": [AIMessage("whole", id=name)]}


def asks(state: State) -> State:
    """A node that stops."""
    return {"messages": [HumanMessage(interrupt("well?"))]}


def conversation(kind: str) -> AnyPregel:
    """Graphs in which tokens come in different ways."""
    inner = graph(StateGraph(State), ("deep", asynchronous("deep")), ("plain", written("deep whole")))
    nodes: dict[str, list[tuple[str, Any]]] = {
        "asynchronous": [("a", asynchronous("a")), ("b", asynchronous("b"))],
        "synchronous": [("a", synchronous("a")), ("b", synchronous("b"))],
        "whole": [("a", written("a")), ("b", asynchronous("b"))],
        "subgraph": [("a", asynchronous("a")), ("inner", inner), ("b", asynchronous("b"))],
        "paused": [("a", asynchronous("a")), ("asks", asks)],
    }
    return graph(StateGraph(State), *nodes[kind])


def told(run: Run) -> list[tuple[str, Any]]:
    """Names and data of a resumable run's events; of messages without their metadata, which has ids of the run."""
    rows = RunEvent.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).order_by("n")
    events = [(row.event, orjson.loads(bytes(row.data))) for row in rows]
    return [(name, data[0] if name == "messages" else data) for name, data in events if not name.startswith("meta")]


@pytest.mark.parametrize("kind", ["asynchronous", "synchronous", "whole", "subgraph", "paused"])
def test_tokens_come_as_through_langgraphs_queue(open_office: Opened, kind: str) -> None:
    office = open_office(conversation(kind))
    short, long = (
        told(office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": modes}, resumable=True)))
        for modes in (["messages-tuple", "values"], ["messages-tuple", "values", "custom"])
    )
    for _, data in [*short, *long]:
        data.pop("__interrupt__", None)  # its id is the thread's
    assert short == long
    assert any(name == "messages" for name, _ in short)


def test_nothing_from_inside_a_subgraph_is_told(open_office: Opened) -> None:
    office = open_office(conversation("subgraph"))
    run = office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": ["messages-tuple"]}, resumable=True))
    assert [data["content"] for _, data in told(run) if data["id"] == "deep"] == ["".join(WORDS)], "whole, as what its node returns"
    assert [data["content"] for _, data in told(run) if data["id"] == "a"] == list(WORDS)


def test_tokens_of_nodes_side_by_side_all_come(open_office: Opened) -> None:
    office = open_office(graph(StateGraph(State), ("a", asynchronous("a")), ("b", synchronous("b")), parallel=True))
    run = office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": ["messages-tuple", "values"]}, resumable=True))
    events = told(run)
    for name in ("a", "b"):
        assert [data["content"] for mode, data in events if mode == "messages" and data["id"] == name] == list(WORDS)
    assert events[0][0] == events[-1][0] == "values"


@pytest.mark.parametrize("modes", [["messages-tuple"], ["messages-tuple", "custom"], ["messages"]])
def test_a_token_that_is_no_json_fails_its_run(open_office: Opened, modes: list[str]) -> None:
    async def odd(state: State) -> State:
        await speaker("odd", big=2**70).ainvoke("hi")
        return {}

    office = open_office(graph(StateGraph(State), ("odd", odd)))
    run = office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": modes}, resumable=True))
    assert (run.status, run.error) == ("error", {"error": "TypeError", "message": "Integer exceeds 64-bit range"})


def test_a_model_that_speaks_on_after_its_run_is_not_heard(open_office: Opened) -> None:
    left, tasks = threading.Event(), list[Any]()

    async def mutters(state: State) -> State:
        async def on() -> None:
            await asyncio.sleep(0.1)
            await speaker("late").ainvoke("hi")
            left.set()

        tasks.append(asyncio.create_task(on()))
        return {"messages": [AIMessage("bye", id="bye")]}

    office = open_office(graph(StateGraph(State), ("mutters", mutters)))
    run = office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": ["messages-tuple"]}, streamed=True))
    assert left.wait(5)
    office.on_loop(office.engine.publisher._flush)
    assert [event.event for event in published(run)] == ["metadata", "messages", OVER]


def test_callbacks_of_the_graphs_author_are_called_as_well(open_office: Opened) -> None:
    heard: list[str] = []

    class Author(BaseCallbackHandler):
        def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
            heard.append(token)

    made = graph(StateGraph(State), ("a", asynchronous("a"))).with_config({"callbacks": [Author()]})
    office = open_office(made)
    run = office.ended(office.run(kwargs={"input": {"messages": []}, "stream_mode": ["messages-tuple"]}, resumable=True))
    assert heard == list(WORDS)
    assert [data["content"] for _, data in told(run)] == list(WORDS)
