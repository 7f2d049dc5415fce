"""RemoteGraph: a graph of this server used as if it were a local one"""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.pregel.remote import RemoteException
from langgraph.types import Command

from tests.sdk.conftest import Remote


def test_invoke(remote: Remote) -> None:
    assert remote("slow").invoke({"seconds": 0, "steps": 2}) == {"seconds": 0, "steps": 2, "tick": 2}


async def test_ainvoke(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("slow")
    assert (await graph.ainvoke({"seconds": 0, "steps": 1}, config))["tick"] == 1
    assert (await graph.ainvoke({"steps": 2}, config))["tick"] == 2
    assert (await graph.aget_state(config)).values["tick"] == 2


def test_an_error_is_raised(remote: Remote) -> None:
    with pytest.raises(RemoteException, match="ValueError"):
        remote("failing").invoke({"kind": "value", "message": "bad"})


def test_context_and_config_arrive(remote: Remote) -> None:
    graph = remote("memory").with_config({"tags": ["t"], "recursion_limit": 7, "configurable": {"model": "m"}, "metadata": {"team": "a"}})
    seen = graph.invoke({})["seen"]
    assert (seen["tags"], seen["recursion_limit"], seen["configurable"]["model"]) == (["t"], 7, "m")
    assert "team" in seen["metadata_keys"]
    assert remote("memory").invoke({}, context={"tone": "dry"})["seen"]["context"]["tone"] == "dry"


EVENTS: dict[str, Callable[[Any], Any]] = {
    "values": lambda data: data.get("tick"),
    "updates": lambda data: list(data),
    "custom": lambda data: data["phase"],
    "tasks": lambda data: data["name"],
    "checkpoints": lambda data: data["next"],
    "debug": lambda data: data["type"],
}
EXPECTED: dict[str, list[Any]] = {
    "values": [None, 1],
    "updates": [["work"]],
    "custom": ["start"],
    "tasks": ["work", "work"],
    "checkpoints": [["__start__"], ["work"], []],
    "debug": ["checkpoint", "checkpoint", "task", "task_result", "checkpoint"],
}


@pytest.mark.parametrize("mode", EVENTS)
async def test_each_mode_streams(remote: Remote, mode: Any) -> None:
    graph, input = remote("slow"), {"seconds": 0, "steps": 1}
    assert [EVENTS[mode](data) for data in graph.stream(input, stream_mode=mode)] == EXPECTED[mode]
    assert [EVENTS[mode](data) async for data in graph.astream(input, stream_mode=mode)] == EXPECTED[mode]


def test_messages_stream(remote: Remote) -> None:
    asked = {"messages": [{"role": "user", "content": "one two"}]}
    chunks: list[Any] = list(remote("chat").stream(asked, stream_mode="messages"))
    assert "".join(chunk["content"] for chunk, _ in chunks) == "You said: one two"
    assert chunks[0][1]["langgraph_node"] == "agent"


def test_several_modes_stream_with_their_names(remote: Remote) -> None:
    chunks: list[Any] = list(remote("slow").stream({"seconds": 0, "steps": 1}, stream_mode=["updates", "custom"]))
    assert [chunk.event for chunk in chunks] == ["custom", "updates"]


def test_subgraphs_stream_with_their_namespace(remote: Remote) -> None:
    chunks = list(remote("nested").stream({"text": "hi"}, stream_mode="updates", subgraphs=True))
    assert [tuple(part.partition(":")[0] for part in namespace) for namespace, _ in chunks] == [
        (),
        ("middle",),
        ("middle", "inner"),
        ("middle",),
        (),
    ]


def test_state_and_history(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    graph.invoke({"mode": "none"}, config)
    state = graph.get_state(config)
    assert (state.values["answers"], state.next, state.tasks) == (["planned", "skipped", "acted"], (), ())
    history = list(graph.get_state_history(config))
    assert [found.next for found in history] == [(), ("act",), ("ask",), ("plan",), ("__start__",)]
    assert graph.get_state(history[2].config) == history[2]
    assert [found.next for found in graph.get_state_history(config, before=history[2].config)] == [("plan",), ("__start__",)]
    assert [found.next for found in graph.get_state_history(config, filter={"step": 1}, limit=1)] == [("ask",)]


async def test_state_and_history_without_blocking(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    await graph.ainvoke({"mode": "none"}, config)
    history = [found async for found in graph.aget_state_history(config)]
    assert history[0] == await graph.aget_state(config)


def test_update_state_forks(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    graph.invoke({"mode": "none"}, config)
    before_act = next(found for found in graph.get_state_history(config) if found.next == ("act",))
    written = graph.update_state(before_act.config, {"request": "forked"}, as_node="ask")
    assert graph.get_state(config).config["configurable"]["checkpoint_id"] == written["configurable"]["checkpoint_id"]
    assert graph.invoke(None, config)["request"] == "forked"


async def test_update_state_without_blocking(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    await graph.ainvoke({}, config)
    await graph.aupdate_state(config, {"answers": ["edited"]}, as_node="ask")
    assert (await graph.ainvoke(None, config))["answers"] == ["planned", "edited", "acted"]


async def test_get_graph(remote: Remote) -> None:
    graph = remote("nested")
    assert list(graph.get_graph().nodes) == ["__start__", "top", "middle", "__end__"]
    assert "middle:inner:leaf" in graph.get_graph(xray=True).nodes
    assert "middle:inner" in graph.get_graph(xray=1).nodes
    assert (await graph.aget_graph(xray=True)).edges == graph.get_graph(xray=True).edges


@pytest.mark.parametrize("resume", ["yes", False, {"decisions": []}], ids=str)
def test_an_interrupt_is_answered(remote: Remote, config: RunnableConfig, resume: Any) -> None:
    graph = remote("approval")
    paused = graph.invoke({"request": "pay"}, config)
    assert paused["__interrupt__"][0]["value"] == {"action": "approve", "request": "pay"}
    assert [found.value for found in graph.get_state(config).interrupts] == [{"action": "approve", "request": "pay"}]
    assert graph.invoke(Command(resume=resume), config)["answers"] == ["planned", resume, "acted"]


async def test_an_interrupt_is_answered_by_id_with_an_update(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    paused = await graph.ainvoke({}, config, version="v2")
    command: Command[Any] = Command(resume={paused.interrupts[0].id: "yes"}, update={"request": "changed"})
    done = await graph.ainvoke(command, config)
    assert (done["request"], done["answers"]) == ("changed", ["planned", "yes", "acted"])


def test_a_command_goes_to_a_node(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    graph.invoke({"mode": "none"}, config)
    assert graph.invoke(Command(goto="act"), config)["answers"] == ["planned", "skipped", "acted", "acted"]


def test_a_breakpoint_is_passed(remote: Remote, config: RunnableConfig) -> None:
    graph = remote("approval")
    graph.invoke({"mode": "none"}, config, interrupt_before=["act"])
    assert graph.get_state(config).next == ("act",)
    assert graph.invoke(None, config)["done"]
