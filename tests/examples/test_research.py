"""The graph `research`: parallel branches, progress, and a branch that is too slow."""

from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from assistants.registry.loader import Registry

LIBRARY = {"source": "library", "status": "answered", "text": "3 texts of the library are about tea."}
PRESS = {"source": "newspapers", "status": "answered", "text": "3 texts of the newspapers are about tea."}
LATE = {"source": "archive", "status": "timed out", "text": "No answer within 3 s."}


async def reported(examples: Registry, *topics: str, **context: Any) -> Any:
    """The values after the last of these questions on one thread."""
    config: Any = {"configurable": {"thread_id": "1"}}
    values: Any = None
    async with examples.get("research").graph(config, purpose="run", checkpointer=InMemorySaver(), store=None) as graph:
        for topic in topics:
            values = await graph.ainvoke({"topic": topic}, config, context={"step_seconds": 0.0} | context)
    return values


async def test_a_source_that_is_too_slow_is_reported_and_takes_no_other_along(examples: Registry) -> None:
    values = await reported(examples, "tea", timeout_seconds=3)
    assert values["findings"] == [LIBRARY, PRESS, LATE]
    assert values["report"] == f"About tea: {LIBRARY['text']} {PRESS['text']} Missing, since too slow: archive."


async def test_nothing_is_missing_when_all_answer(examples: Registry) -> None:
    values = await reported(examples, "tea", sources=["newspapers", "library"], timeout_seconds=30)
    assert values["report"] == f"About tea: {PRESS['text']} {LIBRARY['text']}"


async def test_a_report_without_an_answer_says_so(examples: Registry) -> None:
    values = await reported(examples, "tea", sources=["archive"], timeout_seconds=0.01)
    assert values["report"] == "About tea: nothing was found. Missing, since too slow: archive."


async def test_the_next_question_on_a_thread_begins_anew(examples: Registry) -> None:
    values = await reported(examples, "coffee", "tea", sources=["library"], timeout_seconds=30)
    assert values["findings"] == [LIBRARY]


async def test_every_step_tells_how_far_it_is(examples: Registry) -> None:
    context = {"sources": ["library"], "step_seconds": 0.0, "timeout_seconds": 30}
    async with examples.get("research").graph({}, purpose="run", checkpointer=None, store=None) as graph:
        streamed: Any = graph.astream({"topic": "tea"}, context=context, stream_mode="custom", subgraphs=True)
        told = [(len(place), value["step"], value.get("done")) async for place, value in streamed]
    assert told == [(0, "plan", None), (1, "search", 1), (1, "read", 2), (1, "note", 3), (0, "ask", None)]


def test_its_drawing_shows_the_subgraph(examples: Registry) -> None:
    source: Any = examples.get("research").source
    drawn = source.get_graph(xray=1)
    assert {"ask:search", "ask:read", "ask:note"} <= set(drawn.nodes)


async def test_the_echo_can_be_as_slow_as_a_model(examples: Registry) -> None:
    async with examples.get("echo").graph({}, purpose="run", checkpointer=None, store=None) as graph:
        values = await graph.ainvoke({"messages": "one two"}, context={"word_seconds": 0.001})
    assert values["messages"][-1].text == "one two"
