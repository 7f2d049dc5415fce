"""Ends of runs in every stream mode, as their events, their rows and whoever waits are told."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import RunnableLambda
from langgraph.config import get_stream_writer
from pytest_django import Settings

from runs.engine.cancellation import StopReason
from runs.models import Run, RunEvent
from runs.wire.events import END, End
from runs.wire.schema import STREAM_MODES
from tests.runs.engine.office import Opened, State, graph_of, published, says
from tests.waiting import until

MASKED = {"error": "Secret", "message": "An internal error occurred"}


class Secret(Exception):
    """Of a graph's author."""


def told(run: Run) -> list[tuple[str, Any]]:
    """Names and data of a resumable run's events."""
    rows = RunEvent.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).order_by("n")
    return [(row.event, orjson.loads(bytes(row.data))) for row in rows]


def answered(run: Run) -> Any:
    """What a request that waits for the run is answered."""
    end = published(run)[-1]
    assert end.event == END
    return orjson.loads(End.read(end.data).wait or b"null")


async def sleeps(state: State) -> State:
    """A node that is never done."""
    await asyncio.sleep(60)
    return {}


async def sleeps_and_complains(state: State) -> State:
    """A node that makes an error of its own out of being stopped."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError as error:
        raise ValueError("disturbed") from error
    return {}


@pytest.mark.parametrize("node", [sleeps, sleeps_and_complains])
@pytest.mark.parametrize("mode", STREAM_MODES)
def test_a_timeout_is_told_as_one_in_every_mode(open_office: Opened, settings: Settings, mode: str, node: Any) -> None:
    settings.RUN_TIMEOUT_SECONDS = 0.2
    office = open_office(graph_of(("a", says("a")), ("slow", node)))
    run = office.ended(office.run(kwargs={"stream_mode": [mode]}, resumable=True))
    error = {"error": "TimeoutError", "message": "The run took longer than 0.2 seconds."}
    events = told(run)
    assert events[-1] == ("error", error)
    assert len([name for name, _ in events if name == "error"]) == 1
    thread = office.thread_of(run)
    assert (run.status, run.error, thread.status, thread.error) == ("timeout", error, "error", error)
    until("the end is published", lambda: not office.engine.running, 5)
    assert answered(run) == {"__error__": error}


@pytest.mark.parametrize("mode", STREAM_MODES)
def test_an_error_is_masked_in_every_mode_and_the_last_event(open_office: Opened, mode: str) -> None:
    def fails(state: State) -> State:
        raise Secret("password")

    office = open_office(graph_of(("a", says("a")), ("fails", fails)))
    run = office.ended(office.run(kwargs={"stream_mode": [mode]}, resumable=True))
    events = told(run)
    assert events[0][0] == "metadata"
    assert events[-1] == ("error", MASKED)
    assert b"password" not in orjson.dumps(events)
    assert (run.error, office.thread_of(run).error) == (MASKED, MASKED)
    until("the end is published", lambda: not office.engine.running, 5)
    assert answered(run) == {"__error__": MASKED}


@pytest.mark.parametrize("mode", ["values", "events"])
def test_a_run_that_is_stopped_ends_its_nodes(open_office: Opened, mode: str) -> None:
    entered, left = threading.Event(), threading.Event()

    async def waits(state: State) -> State:
        entered.set()
        try:
            await asyncio.sleep(60)
        finally:
            left.set()
        return {}

    office = open_office(graph_of(("waits", waits)))
    run = office.run(kwargs={"stream_mode": [mode]}, streamed=True)
    office.engine.look()
    assert entered.wait(5)
    office.on_loop(lambda: office.engine._stop(office.engine.running[run.run_id].run, StopReason.CANCELLED))
    assert left.wait(5)
    until("the engine lets go of it", lambda: not office.engine.running, 5)


def test_a_value_that_is_no_json_fails_the_run_that_streams_it(open_office: Opened) -> None:
    def writes(state: State) -> State:
        get_stream_writer()({"big": 2**70})
        return {}

    office = open_office(graph_of(("writes", writes)))
    run = office.ended(office.run(kwargs={"stream_mode": ["custom"]}, resumable=True))
    assert (run.status, told(run)[-1]) == ("error", ("error", {"error": "TypeError", "message": "Integer exceeds 64-bit range"}))


def test_a_value_that_is_no_json_fails_no_run_that_is_only_observed(open_office: Opened) -> None:
    async def calculates(state: State) -> State:
        odd: RunnableLambda[int, Any] = RunnableLambda(lambda number: [number, "kept"])
        await odd.ainvoke(2**70)
        return {"said": ["done"]}

    office = open_office(graph_of(("calculates", calculates)))
    run = office.ended(office.run(kwargs={"stream_mode": ["events"]}, resumable=True))
    assert run.status == "success"
    assert [None, "kept"] in [data["data"].get("output") for name, data in told(run) if name == "events"]


class Pausing(GenericFakeChatModel):
    """Says four words, and waits for somebody before the third."""

    heard: Any = None
    listening: Any = None

    async def _astream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for word in ("one", " two", " three", " four"):
            if word == " three":
                self.heard.set()
                await asyncio.to_thread(self.listening.wait, 5)
            yield ChatGenerationChunk(message=AIMessageChunk(content=word, id="m"))


def test_who_starts_to_listen_is_shown_the_message_from_its_beginning(open_office: Opened) -> None:
    heard, listening = threading.Event(), threading.Event()
    model = Pausing(messages=iter(()), heard=heard, listening=listening)

    async def speaks(state: State) -> State:
        await model.ainvoke("hi")
        return {"said": []}

    office = open_office(graph_of(("speaks", speaks)))
    run = office.run(kwargs={"stream_mode": ["messages"]})
    office.engine.look()
    assert heard.wait(5)
    passed = office.engine.running[run.run_id].stream.chunks._messages
    assert passed is not None
    until("two words have passed by", lambda: [len(growing.pending) for growing in passed._growing.values()] == [1], 5)
    office.on_loop(lambda: office.engine._told({"listen": str(run.run_id)}))
    listening.set()
    office.ended(run)
    until("the end is published", lambda: not office.engine.running, 5)
    partial = [orjson.loads(event.data)[0]["content"] for event in published(run) if event.event == "messages/partial"]
    assert partial[:2] == ["one two three", "one two three four"]
