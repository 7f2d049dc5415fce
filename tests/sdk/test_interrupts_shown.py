"""Where an interrupt is shown, it is the same one: id, question and the form that its answer has to have."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.graphs.forms import AMOUNT, YES_OR_NO

MODES = ["values", "updates", "tasks", "debug", "checkpoints", "events", "messages", "custom"]
FORMS = {"How much?": AMOUNT, "Sure?": YES_OR_NO}

Shown = set[tuple[str, str]]


def interrupts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every interrupt at any depth."""
    if isinstance(value, dict):
        if set(value) in ({"id", "value", "response_schema"}, {"id", "value"}):
            yield value
        for item in value.values():
            yield from interrupts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from interrupts_in(item)


def shown(value: Any) -> Shown:
    """Id and question of every interrupt in an answer, each with its form."""
    found = list(interrupts_in(value))
    for interrupt in found:
        assert interrupt.get("response_schema") == FORMS[interrupt["value"]["question"]]
    return {(interrupt["id"], interrupt["value"]["question"]) for interrupt in found}


@pytest.mark.parametrize(
    ("mode", "questions"), [("single", ["How much?"]), ("nested", ["How much?"]), ("parallel", ["How much?", "Sure?"])]
)
async def test_an_interrupt_is_the_same_wherever_it_is_shown(client: Any, thread: str, mode: str, questions: list[str]) -> None:
    options = {"input": {"mode": mode}, "stream_mode": MODES, "stream_subgraphs": True, "stream_resumable": True}
    run = await client.runs.create(thread, "forms", **options)
    awaited = await client.runs.join(thread, run["run_id"])
    asked = shown(awaited)
    assert sorted(question for _, question in asked) == questions

    assert shown(await client.runs.join(thread, run["run_id"])) == asked, "join of a finished run"
    row = await client.threads.get(thread)
    assert shown(row["interrupts"]) == asked, "thread row"
    state = await client.threads.get_state(thread)
    assert shown(state["interrupts"]) == shown(state["tasks"]) == asked, "state"
    deep = await client.threads.get_state(thread, subgraphs=True)
    assert shown(deep["interrupts"]) == shown([task["interrupts"] for task in deep["tasks"]]) == shown(deep) == asked, (
        "state with subgraphs"
    )
    assert shown((await client.threads.get_history(thread))[0]) == asked, "history"
    assert shown([found["interrupts"] for found in await client.threads.search(ids=[thread])]) == asked, "search"
    assert set(row["interrupts"]) == {task["id"] for task in state["tasks"] if task["interrupts"]}

    frames = [part async for part in client.runs.join_stream(thread, run["run_id"], last_event_id="-")]
    for name in ("values", "updates", "tasks", "debug"):
        assert shown([part.data for part in frames if part.event == name]) == asked, f"frames of {name}"
        inside = [part.data for part in frames if part.event.startswith(f"{name}|")]
        assert shown(inside) == (asked if mode == "nested" else set()), f"frames of {name} from inside"
    assert shown([part.data for part in frames]) == asked


async def test_what_is_still_asked_is_shown_again(client: Any, thread: str) -> None:
    asked = shown(await client.runs.wait(thread, "forms", input={"mode": "parallel"}))
    (amount,) = [each for each in asked if each[1] == "How much?"]
    command = {"resume": {amount[0]: {"amount": 3}}}
    parts = [part async for part in client.runs.stream(thread, "forms", command=command, stream_mode=MODES)]
    for name in ("values", "updates", "tasks", "debug"):
        assert shown([part.data for part in parts if part.event == name]) >= asked - {amount}
    assert shown((await client.threads.get(thread))["interrupts"]) == asked - {amount}
    checkpoints = [part.data for part in parts if part.event == "checkpoints"]
    assert shown(checkpoints) == asked, "a checkpoint records what its step had asked, answered or not"
    done = await client.runs.wait(thread, "forms", command={"resume": {next(iter(asked - {amount}))[0]: True}})
    assert done["answers"] == [{"amount": 3}, True, "closed"]


@pytest.mark.parametrize("mode", [["custom"], ["messages"], ["messages-tuple"], ["messages", "custom"]])
async def test_tokens_and_custom_data_alone_do_not_show_it(client: Any, thread: str, mode: list[str]) -> None:
    parts = [part async for part in client.runs.stream(thread, "forms", input={}, stream_mode=mode)]
    assert [part.event for part in parts] == ["metadata"]
    assert (await client.threads.get(thread))["interrupts"]
