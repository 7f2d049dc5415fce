"""command: resume, update, goto"""

from typing import Any

from tests.sdk.refusals import refused


async def pending(client: Any, thread: str) -> list[dict[str, Any]]:
    """The thread's open interrupts."""
    return list((await client.threads.get_state(thread))["interrupts"])


async def test_plain_answer_goes_to_the_only_interrupt(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"request": "r"})
    answer = await client.runs.wait(thread, "approval", command={"resume": "yes"})
    assert answer["answers"] == ["planned", "yes", "acted"]
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_answer_by_id(client: Any, thread: str) -> None:
    paused = await client.runs.wait(thread, "approval", input={})
    answer = await client.runs.wait(thread, "approval", command={"resume": {paused["__interrupt__"][0]["id"]: {"ok": True}}})
    assert answer["answers"] == ["planned", {"ok": True}, "acted"]


async def test_second_question_of_a_node_is_asked_next(client: Any, thread: str) -> None:
    first = (await client.runs.wait(thread, "approval", input={"mode": "double"}))["__interrupt__"][0]
    second = (await client.runs.wait(thread, "approval", command={"resume": "one"}))["__interrupt__"][0]
    assert second["value"] == {"action": "confirm", "after": "one"}
    assert second["id"] != first["id"] or second["value"] != first["value"]
    assert (await client.runs.wait(thread, "approval", command={"resume": "two"}))["answers"] == ["planned", "one", "two", "acted"]


async def test_parallel_questions_are_answered_together(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "parallel"})
    answers = {each["id"]: each["value"]["side"] for each in await pending(client, thread)}
    done = await client.runs.wait(thread, "approval", command={"resume": answers})
    assert done["answers"] == ["planned", {"left": "left"}, {"right": "right"}, "acted"]


async def test_parallel_questions_are_answered_one_by_one(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "parallel"})
    first, second = await pending(client, thread)
    paused = await client.runs.wait(thread, "approval", command={"resume": {first["id"]: 1}})
    assert [each["id"] for each in paused["__interrupt__"]] == [second["id"]]
    assert (await client.runs.wait(thread, "approval", command={"resume": {second["id"]: 2}}))["done"]


async def test_plain_answer_to_several_questions_is_refused(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "parallel"})
    with refused(422):
        await client.runs.wait(thread, "approval", command={"resume": "which?"})


async def test_unknown_id_is_refused(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={})
    with refused(422):
        await client.runs.wait(thread, "approval", command={"resume": {"0" * 32: "yes"}})


async def test_second_answer_comes_too_late(client: Any, thread: str) -> None:
    paused = await client.runs.wait(thread, "approval", input={})
    command = {"resume": {paused["__interrupt__"][0]["id"]: "yes"}}
    await client.runs.wait(thread, "approval", command=command)
    with refused(409):
        await client.runs.wait(thread, "approval", command=command)


async def test_nothing_to_answer_is_refused(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    with refused(409):
        await client.runs.wait(thread, "approval", command={"resume": "yes"})


async def test_update_is_applied_with_the_answer(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={})
    answer = await client.runs.wait(thread, "approval", command={"resume": "yes", "update": {"request": "changed"}})
    assert answer["request"] == "changed"
    assert answer["done"]


async def test_goto_jumps(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    answer = await client.runs.wait(thread, "approval", command={"goto": "act"})
    assert answer["answers"] == ["planned", "skipped", "acted", "acted"]


async def test_goto_with_an_input_of_its_own(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "approval", input={"mode": "none"})
    answer = await client.runs.wait(thread, "approval", command={"goto": {"node": "ask", "input": {"mode": "none"}}})
    assert answer["answers"] == ["planned", "skipped", "acted", "skipped", "acted"]


async def test_interrupt_of_a_subgraph_is_answered(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "nested", input={"text": "hi", "pause": True})
    answer = await client.runs.wait(thread, "nested", command={"resume": "go"})
    assert "gate:go" in answer["trail"]


async def test_interrupt_of_a_functional_graph_is_answered(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "workflow", input={"topic": "tea", "review": True})
    assert (await client.runs.wait(thread, "workflow", command={"resume": "fine"}))["verdict"] == "fine"


async def test_interrupt_of_a_tool_is_answered(client: Any, thread: str) -> None:
    await client.runs.wait(thread, "chat", input={"messages": "a trip to Rome"})
    answer = await client.runs.wait(thread, "chat", command={"resume": True})
    assert answer["messages"][-1]["content"] == "Report: Trip to Rome booked."
