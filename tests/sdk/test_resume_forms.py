"""command.resume in every form that clients send, each with what the graph then has"""

from typing import Any

import pytest

from tests.sdk.refusals import refused
from tests.sdk.test_runs_command import pending


async def asked(client: Any, thread: str, graph: str, **input: Any) -> str:
    """Stop where the graph asks; the id of what it asks first."""
    paused = await client.runs.wait(thread, graph, input=input)
    return str(paused["__interrupt__"][0]["id"])


async def answered(client: Any, thread: str, graph: str, resume: Any, **options: Any) -> Any:
    """The values after this answer."""
    return await client.runs.wait(thread, graph, command={"resume": resume}, **options)


@pytest.mark.parametrize("value", [False, 0, "", [], {}, True, 7, "text", [1, {"a": None}], {"a": {"b": []}}], ids=repr)
async def test_bare_values_arrive_as_they_are(client: Any, thread: str, value: Any) -> None:
    await asked(client, thread, "review")
    assert await answered(client, thread, "review", value) == {"answer": value, "note": "acted, plain"}


@pytest.mark.parametrize("value", [False, 0, "", [], {}, None, "text", {"a": 1}], ids=repr)
async def test_values_by_id_arrive_as_they_are(client: Any, thread: str, value: Any) -> None:
    interrupt = await asked(client, thread, "review")
    assert (await answered(client, thread, "review", {interrupt: value}))["answer"] == value


@pytest.mark.parametrize(
    "response",
    [
        {"type": "accept", "args": None},
        {"type": "edit", "args": {"action": "send_mail", "args": {"to": "bob"}}},
        {"type": "response", "args": "not today"},
    ],
    ids=lambda response: response["type"],
)
async def test_agent_inbox_answers_with_a_list(client: Any, thread: str, response: dict[str, Any]) -> None:
    await asked(client, thread, "review", mode="inbox")
    assert (await answered(client, thread, "review", [response]))["answer"] == response


@pytest.mark.parametrize("answer", [[{"type": "ignore", "args": None}], [{"type": "approve"}], "accept", [], False], ids=str)
async def test_what_the_inbox_request_does_not_allow_is_refused(client: Any, thread: str, answer: Any) -> None:
    interrupt = await asked(client, thread, "review", mode="inbox")
    with refused(422, "must be one of"):
        await answered(client, thread, "review", answer)
    assert [each["id"] for each in await pending(client, thread)] == [interrupt]
    assert (await answered(client, thread, "review", [{"type": "accept", "args": None}]))["note"]


TWO = {"messages": [{"role": "user", "content": "book:Rome cancel:Oslo weather:Paris"}]}
APPROVE, REJECT = {"type": "approve"}, {"type": "reject", "message": "no"}
EDIT = {"type": "edit", "edited_action": {"name": "book", "args": {"city": "Bonn"}}}
RESPOND = {"type": "respond", "message": "Booked by hand."}
NOT_CANCELLED = "User rejected the tool call for `cancel` with reason: no"


def told(values: Any) -> dict[str, str]:
    """What each tool said to the model; above the result of an edited call stands a notice."""
    return {message["name"]: message["content"].splitlines()[-1] for message in values["messages"] if message["type"] == "tool"}


@pytest.mark.parametrize(
    ("decisions", "book", "cancel"),
    [
        ([APPROVE, APPROVE], "Booked Rome.", "Cancelled Oslo."),
        ([APPROVE, REJECT], "Booked Rome.", NOT_CANCELLED),
        ([EDIT, REJECT], "Booked Bonn.", NOT_CANCELLED),
        ([RESPOND, APPROVE], "Booked by hand.", "Cancelled Oslo."),
    ],
    ids=["approve", "reject", "edit", "respond"],
)
async def test_an_agents_calls_are_decided_together(client: Any, thread: str, decisions: list[Any], book: str, cancel: str) -> None:
    await asked(client, thread, "clerk", **TWO)
    values = await answered(client, thread, "clerk", {"decisions": decisions})
    assert told(values) == {"book": book, "cancel": cancel, "weather": "Sunny in Paris."}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"decisions": [APPROVE]}, "one decision per request (2)"),
        ({"decisions": [APPROVE, {"type": "edit", "edited_action": {}}]}, "must be one of"),
        ({"decisions": [{"type": "edit"}, APPROVE]}, "must say `edited_action`"),
        ({"decisions": [{"type": "respond"}, APPROVE]}, "must say `message`"),
        ([APPROVE, APPROVE], "one decision per request (2)"),
        (True, "one decision per request (2)"),
    ],
    ids=["too few", "not allowed", "no edit", "no message", "list", "bare"],
)
async def test_decisions_that_do_not_fit_are_refused(client: Any, thread: str, answer: Any, reason: str) -> None:
    interrupt = await asked(client, thread, "clerk", **TWO)
    with refused(422, reason):
        await answered(client, thread, "clerk", answer)
    assert [each["id"] for each in await pending(client, thread)] == [interrupt]
    assert (await answered(client, thread, "clerk", {interrupt: {"decisions": [APPROVE, APPROVE]}}))["messages"]


async def test_an_agents_calls_are_decided_one_by_one(client: Any, thread: str) -> None:
    await asked(client, thread, "clerk_each", **TWO)
    ids = {each["value"]["name"]: each["id"] for each in await pending(client, thread)}
    with refused(422, "does not fit its schema"):
        await answered(client, thread, "clerk_each", {ids["cancel"]: EDIT})
    paused = await answered(client, thread, "clerk_each", {ids["book"]: EDIT})
    assert [each["id"] for each in paused["__interrupt__"]] == [ids["cancel"]]
    values = await answered(client, thread, "clerk_each", REJECT)
    assert told(values) == {"book": "Booked Bonn.", "cancel": NOT_CANCELLED, "weather": "Sunny in Paris."}


@pytest.mark.parametrize("answer", [{"amount": -1}, {"amount": "3"}, {}, {"amount": 1, "more": True}, 3, "3", [], False], ids=str)
async def test_an_answer_outside_the_schema_is_refused(client: Any, thread: str, answer: Any) -> None:
    interrupt = await asked(client, thread, "review", mode="form")
    for resume in (answer, {interrupt: answer}):
        with refused(422, "does not fit its schema"):
            await answered(client, thread, "review", resume)
    assert [each["id"] for each in await pending(client, thread)] == [interrupt]
    assert len(await client.runs.list(thread)) == 1
    assert (await answered(client, thread, "review", {"amount": 3}))["answer"] == {"amount": 3}


async def test_an_answer_that_only_the_graph_refuses_can_be_given_again(client: Any, thread: str) -> None:
    interrupt = await asked(client, thread, "review", mode="typed")
    failed = await answered(client, thread, "review", {"amount": 101}, raise_error=False)
    assert failed["__error__"]["error"] == "ValidationError"
    assert [each["id"] for each in await pending(client, thread)] == [interrupt]
    assert (await answered(client, thread, "review", {interrupt: {"amount": 100}}))["answer"] == {"amount": 100}


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
async def test_every_durability_takes_an_answer(client: Any, thread: str, durability: str) -> None:
    paused = await client.runs.wait(thread, "review", input={"mode": "form"}, durability=durability)
    resume = {paused["__interrupt__"][0]["id"]: {"amount": 1}}
    assert (await answered(client, thread, "review", resume, durability=durability))["note"] == "acted, plain"


async def test_an_answer_may_name_the_checkpoint_it_has_seen(client: Any, thread: str) -> None:
    await asked(client, thread, "review")
    state = await client.threads.get_state(thread)
    older = state["parent_checkpoint"]
    for options in ({"checkpoint": older}, {"checkpoint_id": older["checkpoint_id"]}):
        with refused(409, "moved on"):
            await answered(client, thread, "review", "x", **options)
    assert (await answered(client, thread, "review", "seen", checkpoint=state["checkpoint"]))["answer"] == "seen"


async def test_an_answer_that_names_the_head_by_id(client: Any, thread: str) -> None:
    await asked(client, thread, "review")
    head = (await client.threads.get_state(thread))["checkpoint"]["checkpoint_id"]
    assert (await answered(client, thread, "review", "seen", checkpoint_id=head))["answer"] == "seen"


async def test_an_answer_with_an_update(client: Any, thread: str) -> None:
    interrupt = await asked(client, thread, "review")
    command = {"resume": {interrupt: "x"}, "update": {"note": "updated"}}
    assert await client.runs.wait(thread, "review", command=command) == {"answer": "x", "note": "acted, updated"}
