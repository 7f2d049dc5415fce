"""runs.wait"""

from typing import Any

import pytest


async def test_answer_is_the_final_state(client: Any, thread: str) -> None:
    assert await client.runs.wait(thread, "approval", input={"mode": "none"}) == {
        "mode": "none",
        "answers": ["planned", "skipped", "acted"],
        "done": True,
    }


async def test_interrupt_is_in_the_answer(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "approval", input={"request": "r"})
    assert answer["answers"] == ["planned"]
    assert [each["value"] for each in answer["__interrupt__"]] == [{"action": "approve", "request": "r"}]


async def test_parallel_interrupts_come_alone(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "approval", input={"mode": "parallel"})
    assert sorted(each["value"]["side"] for each in answer.pop("__interrupt__")) == ["left", "right"]
    assert answer == {}


async def test_error_is_raised(client: Any, thread: str) -> None:
    with pytest.raises(Exception, match="boom"):
        await client.runs.wait(thread, "failing", input={"kind": "value"})


async def test_error_can_be_had_as_a_value(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "failing", input={"kind": "custom"}, raise_error=False)
    assert answer["__error__"] == {"error": "Custom", "message": "An internal error occurred"}


async def test_functional_graph_answers_its_value(client: Any, thread: str) -> None:
    first = await client.runs.wait(thread, "workflow", input={"topic": "tea"})
    assert first == {"essay": "An essay about tea.", "verdict": "auto", "count": 1, "previous": None}
    assert (await client.runs.wait(thread, "workflow", input={"topic": "tea"}))["previous"]["count"] == 1


async def test_graph_made_from_its_config(client: Any, thread: str) -> None:
    answer = await client.runs.wait(thread, "factory", input={"trail": []}, config={"configurable": {"shape": "three"}})
    assert answer == {"trail": ["a", "b", "c"]}


async def test_second_run_goes_on_from_the_first(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "chat", input={"messages": ["one"]})
    answer = await client.runs.wait(thread, "chat", input={"messages": [{"role": "user", "content": "two"}]})
    assert [message["content"] for message in answer["messages"]] == ["one", "You said: one", "two", "You said: two"]
