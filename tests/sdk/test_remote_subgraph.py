"""RemoteGraph as a node of a local graph, with a checkpointer of its own"""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from tests.sdk.conftest import Remote


class State(TypedDict, total=False):
    """What parent and remote graph share."""

    mode: str
    request: str
    answers: list[Any]
    done: bool


Local = CompiledStateGraph[State, Any, State, State]


def before(state: State) -> State:
    return {"request": "from the parent"}


def after(state: State) -> State:
    return {"answers": [*state["answers"], "after"]}


def parent(node: Any) -> Local:
    """The node between two of its own."""
    builder = StateGraph(State)
    builder.add_node("before", before)
    builder.add_node("remote", node)
    builder.add_node("after", after)
    builder.add_edge(START, "before")
    builder.add_edge("before", "remote")
    builder.add_edge("remote", "after")
    builder.add_edge("after", END)
    return builder.compile(checkpointer=InMemorySaver())


ALL = ["planned", "skipped", "acted", "after"]


def test_it_runs_as_a_node(remote: Remote, config: RunnableConfig) -> None:
    done = parent(remote("approval")).invoke({"mode": "none"}, config)
    assert done == {"mode": "none", "request": "from the parent", "answers": ALL, "done": True}


async def test_it_runs_as_a_node_without_blocking(remote: Remote, config: RunnableConfig) -> None:
    assert (await parent(remote("approval")).ainvoke({"mode": "none"}, config))["answers"] == ALL


def test_it_streams_through_its_parent(remote: Remote, config: RunnableConfig) -> None:
    stream = parent(remote("approval")).stream({"mode": "none"}, config, stream_mode="updates", subgraphs=True)
    seen = [(namespace[0].partition(":")[0] if namespace else "", list(update)) for namespace, update in stream]
    assert seen == [
        ("", ["before"]),
        ("remote", ["plan"]),
        ("remote", ["ask"]),
        ("remote", ["act"]),
        ("", ["remote"]),
        ("", ["after"]),
    ]


def test_its_tokens_stream_through_its_parent(remote: Remote, config: RunnableConfig) -> None:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(dict)
    builder.add_node("chat", remote("chat"))
    builder.add_edge(START, "chat")
    builder.add_edge("chat", END)
    asked = {"messages": [{"role": "user", "content": "one two"}]}
    stream: Iterator[Any] = builder.compile().stream(asked, config, stream_mode="messages", subgraphs=True)
    assert "".join(chunk["content"] for _, (chunk, _) in stream) == "You said: one two"


def test_its_interrupt_stops_the_parent_under_the_same_id(remote: Remote, config: RunnableConfig) -> None:
    """RemoteGraph does not pass the parent's answer on (LangGraph issue 4879); the thread behind it takes the answer."""
    graph, behind = parent(remote("approval")), remote("approval")
    paused = graph.invoke({"mode": "single"}, config)
    (asked,) = paused["__interrupt__"]
    assert graph.get_state(config).next == ("remote",)
    assert [found.id for found in behind.get_state(config).interrupts] == [asked.id]
    assert behind.invoke(Command(resume={asked.id: "yes"}), config)["answers"] == ["planned", "yes", "acted"]


def asking(graph: RemoteGraph) -> Local:
    """How a parent passes answers on today: one question per step, and the step again while the remote graph waits."""

    def step(state: State, config: RunnableConfig) -> State:
        place: RunnableConfig = {"configurable": {"thread_id": config["configurable"]["thread_id"]}}
        waiting = graph.get_state(place).interrupts if state.get("answers") else ()
        if not waiting:
            graph.invoke(state, place)
        else:
            graph.invoke(Command(resume={waiting[0].id: interrupt(waiting[0].value)}), place)
        values: State = graph.get_state(place).values  # type: ignore[assignment]  # of the remote graph, which has this state
        return values

    def onward(state: State) -> str:
        return "after" if state.get("done") else "remote"

    builder = StateGraph(State)
    builder.add_node("before", before)
    builder.add_node("remote", step)
    builder.add_node("after", after)
    builder.add_edge(START, "before")
    builder.add_edge("before", "remote")
    builder.add_conditional_edges("remote", onward, ["remote", "after"])
    builder.add_edge("after", END)
    return builder.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize(
    ("mode", "answers"),
    [
        ("none", ["planned", "skipped", "acted", "after"]),
        ("single", ["planned", 1, "acted", "after"]),
        ("double", ["planned", 1, 2, "acted", "after"]),
        ("parallel", ["planned", {"left": 1}, {"right": 2}, "acted", "after"]),
    ],
)
def test_a_parent_can_pass_the_answers_on(remote: Remote, config: RunnableConfig, mode: str, answers: list[Any]) -> None:
    graph = asking(remote("approval"))
    values = graph.invoke({"mode": mode}, config)
    for answer in range(1, 3):
        if "__interrupt__" in values:
            values = graph.invoke(Command(resume=answer), config)
    assert values["answers"] == answers
