"""Graph `research`: asks several sources at the same time, tells how far each is, and reports also those that were too slow."""

import asyncio
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send
from scripted import chat_model, text_of
from typing_extensions import TypedDict

INSTRUCTIONS = "Write a short report from these findings. Say which sources did not answer in time; invent nothing."
STEPS = {"search": "searched the catalogue", "read": "read what looked good", "note": "noted what matters"}


@dataclass(kw_only=True)
class Settings:
    """What an assistant or a run may set as `context`."""

    sources: list[str] = field(default_factory=lambda: ["library", "newspapers", "archive"])
    silent: list[str] = field(default_factory=lambda: ["archive"])
    """Sources that do not answer, as a slow service would not."""
    step_seconds: float = 0.05
    """How long each step of a source takes."""
    timeout_seconds: float = 2.0
    """How long one source may take."""


class Question(TypedDict):
    """The input."""

    topic: str


class Finding(TypedDict):
    """What became of one source."""

    source: str
    status: Literal["answered", "timed out"]
    text: str


def gathered(known: list[Finding], new: list[Finding] | None) -> list[Finding]:
    """Findings of parallel branches, one after the other; None begins anew, for the next question on the same thread."""
    return [] if new is None else known + new


class Research(Question, total=False):
    """The state."""

    findings: Annotated[list[Finding], gathered]
    report: str


class Source(TypedDict, total=False):
    """The state of one source's subgraph."""

    source: str
    topic: str
    done: Annotated[list[str], operator.add]
    text: str


class Branch(TypedDict):
    """What one branch is sent."""

    source: str
    topic: str


def settings_of(runtime: Runtime[Settings]) -> Settings:
    """The context; a run without one has None."""
    return runtime.context or Settings()


async def work(state: Source, runtime: Runtime[Settings], step: str) -> dict[str, Any]:
    """One step of a source: it takes its time, then says so."""
    settings = settings_of(runtime)
    is_silent = step == "read" and state["source"] in settings.silent
    await asyncio.sleep(3600 if is_silent else settings.step_seconds)
    done = len(state.get("done", [])) + 1
    get_stream_writer()({"source": state["source"], "step": step, "done": done, "of": len(STEPS)})
    return {"done": [STEPS[step]]}


async def search(state: Source, runtime: Runtime[Settings]) -> dict[str, Any]:
    """Look for texts."""
    return await work(state, runtime, "search")


async def read(state: Source, runtime: Runtime[Settings]) -> dict[str, Any]:
    """Read them."""
    return await work(state, runtime, "read")


async def note(state: Source, runtime: Runtime[Settings]) -> dict[str, Any]:
    """Write down what they say."""
    noted = await work(state, runtime, "note")
    return noted | {"text": f"{len(state['topic'])} texts of the {state['source']} are about {state['topic']}."}


source = (
    StateGraph(Source, context_schema=Settings)
    .add_sequence([search, read, note])
    .add_edge(START, "search")
    .add_edge("note", END)
    .compile(name="source")
)


async def plan(state: Research, runtime: Runtime[Settings]) -> dict[str, Any]:
    """Forget the findings of an earlier question and say what will be asked."""
    get_stream_writer()({"step": "plan", "sources": settings_of(runtime).sources})
    return {"findings": None}


def branches(state: Research, runtime: Runtime[Settings]) -> list[Send]:
    """One branch per source; they run at the same time."""
    return [Send("ask", Branch(source=name, topic=state["topic"])) for name in settings_of(runtime).sources]


async def ask(state: Branch, runtime: Runtime[Settings]) -> dict[str, Any]:
    """Run one source's subgraph. One that takes too long becomes a finding, too: it must not take the others along."""
    settings = settings_of(runtime)
    tell = get_stream_writer()
    try:
        async with asyncio.timeout(settings.timeout_seconds):
            answer = await source.ainvoke({"source": state["source"], "topic": state["topic"]}, context=settings)
    except TimeoutError:
        finding = Finding(source=state["source"], status="timed out", text=f"No answer within {settings.timeout_seconds:g} s.")
    else:
        finding = Finding(source=state["source"], status="answered", text=answer["text"])
    tell({"source": state["source"], "step": "ask", "status": finding["status"]})
    return {"findings": [finding]}


def script(messages: Sequence[BaseMessage]) -> AIMessage:
    """Without a model: the findings, put into sentences."""
    topic, *lines = text_of(messages[-1]).splitlines()
    found = [line.partition(": ")[2] for line in lines if "(answered)" in line]
    late = [line.partition(" (")[0] for line in lines if "(timed out)" in line]
    missing = f" Missing, since too slow: {', '.join(late)}." if late else ""
    return AIMessage(f"About {topic}: {' '.join(found) or 'nothing was found.'}{missing}")


model = chat_model(script)


async def write(state: Research) -> dict[str, Any]:
    """Bring the findings together."""
    lines = [f"{finding['source']} ({finding['status']}): {finding['text']}" for finding in state["findings"]]
    answer = await model.ainvoke([SystemMessage(INSTRUCTIONS), HumanMessage("\n".join([state["topic"], *lines]))])
    return {"report": text_of(answer)}


graph = (
    StateGraph(Research, input_schema=Question, context_schema=Settings)
    .add_node(plan)
    .add_node(ask)
    .add_node(write)
    .add_edge(START, "plan")
    .add_conditional_edges("plan", branches, ["ask"])
    .add_edge("ask", "write")
    .add_edge("write", END)
    .compile()
)
