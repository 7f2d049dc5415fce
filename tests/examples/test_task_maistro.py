"""The graph `task_maistro`: what is said in one thread is known in the next, to the same person in the same category."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from assistants.registry.loader import Registry

Say = Callable[..., Awaitable[str]]
LIST = "What is on my list?"


@pytest.fixture
def store() -> BaseStore:
    return InMemoryStore()


@pytest.fixture
def say(examples: Registry, store: BaseStore) -> Say:
    """The answer to a text, in a new thread each time."""

    source: Any = examples.get("task_maistro").source
    graph = source.copy(update={"store": store})

    async def said(text: str, caller: str = "key:1", **context: Any) -> str:
        config: Any = {"configurable": {"langgraph_auth_user_id": caller}}
        values = await graph.ainvoke({"messages": text}, config, context={"todo_category": "work"} | context)
        return str(values["messages"][-1].text)

    return said


async def test_a_new_thread_knows_what_was_said_in_another(say: Say) -> None:
    told = await say("My name is Ada. I have to write the report by Friday! I need to call Bo. I like tea. I like figs.")
    assert told == ("Noted (name): Ada. Added: write the report (by Friday). Added: call Bo. Noted (likes): tea. Noted (likes): figs.")
    assert await say(LIST) == "On your list: call Bo; write the report (by Friday)."
    assert await say("What do you know about me?") == "name: Ada; likes: figs; likes: tea"


async def test_personal_and_work_stay_apart(say: Say) -> None:
    await say("I have to write the report.")
    await say("I have to water the plants.", todo_category="personal")
    assert await say(LIST) == "On your list: write the report."
    assert await say(LIST, todo_category="personal") == "On your list: water the plants."


async def test_people_stay_apart(say: Say) -> None:
    await say("I have to write the report.")
    await say("I have to sing.", user_id="ada@example.com")
    assert await say(LIST, caller="key:2") == "Your list is empty."
    assert await say(LIST, user_id="ada@example.org") == "Your list is empty."
    assert await say(LIST, caller="key:2", user_id="ada@example.com") == "On your list: sing."


async def test_what_is_done_leaves_the_list(say: Say) -> None:
    await say("I have to call Bo. I have to eat.")
    assert await say(f"I finished call Bo. {LIST}") == "Done: call Bo. On your list: eat."
    assert await say("I finished the universe.") == "There is nothing like 'the universe' on your list."


async def test_instructions_change_how_it_answers(say: Say) -> None:
    await say("I have to eat. I have to sleep.")
    assert await say("Always number my to-dos.") == "From now on: Always number my to-dos."
    assert await say(LIST) == "On your list: 1. eat; 2. sleep."
    assert await say("What are my rules?") == "Always number my to-dos"


async def test_saying_it_twice_stores_it_once(say: Say, store: BaseStore) -> None:
    for text in ("I have to call Bo. My name is Ada.", "I have to  call bo. My name is Bea."):
        await say(text)
    todos = await store.asearch(("memory", "key:1", "work", "todos"))
    assert [item.value for item in todos] == [{"text": "call bo", "due": "", "status": "open"}]
    assert await say("Who am I?") == "name: Bea"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", "Tell me what you have to do, who you are, or how you want things done; or ask what is on your list."),
        ("Who am I?", "I know nothing about you yet."),
        ("Which instructions do you follow?", "You have not told me how you want things done."),
        ("What do I have to do?", "Your list is empty."),
    ],
)
async def test_without_memory_it_says_so(say: Say, text: str, answer: str) -> None:
    assert await say(text) == answer


async def test_dots_in_a_name_do_not_break_the_namespace(say: Say, store: BaseStore) -> None:
    await say("I have to sing.", user_id="a.b%2E")
    assert await store.alist_namespaces() == [("memory", "a%2Eb%252E", "work", "todos")]


async def test_without_a_store_it_says_what_is_missing(examples: Registry) -> None:
    async with examples.get("task_maistro").graph({}, purpose="run", checkpointer=None, store=None) as graph:
        with pytest.raises(RuntimeError, match="needs a store"):
            await graph.ainvoke({"messages": "hello"})
