"""assistants: create, get, update, versions, latest, delete, search"""

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import ConflictError, NotFoundError

from tests.builders import builtin_id


async def test_each_graph_has_a_builtin_assistant(client: Any) -> None:
    row = await client.assistants.get(str(builtin_id("chat")))
    assert (row["name"], row["graph_id"], row["version"], row["metadata"]) == ("chat", "chat", 1, {"created_by": "system"})
    assert row["description"] == "Chat agent with two tools"


async def test_create(client: Any) -> None:
    wanted = str(uuid4())
    config = {"configurable": {"tone": "dry"}}
    row = await client.assistants.create("memory", config, assistant_id=wanted, name="Dry", metadata={"a": 1}, description="d")
    assert (row["assistant_id"], row["name"], row["version"], row["metadata"]) == (wanted, "Dry", 1, {"a": 1})
    assert row["context"] == {"tone": "dry"}
    assert await client.assistants.get(wanted) == row


async def test_known_id_is_refused_or_returned(client: Any) -> None:
    first = await client.assistants.create("chat")
    with pytest.raises(ConflictError, match="already exists"):
        await client.assistants.create("chat", assistant_id=first["assistant_id"])
    again = await client.assistants.create("memory", assistant_id=first["assistant_id"], if_exists="do_nothing")
    assert again == first


async def test_unknown_graph_is_refused(client: Any) -> None:
    with pytest.raises(NotFoundError, match="ghost"):
        await client.assistants.create("ghost")


async def test_each_update_is_a_new_version(client: Any) -> None:
    made = await client.assistants.create("memory", {"configurable": {"tone": "dry"}}, metadata={"a": 1}, name="one")
    changed = await client.assistants.update(made["assistant_id"], name="two", metadata={"b": 2})
    assert (changed["version"], changed["name"], changed["metadata"]) == (2, "two", {"a": 1, "b": 2})
    assert changed["context"] == {"tone": "dry"}
    versions = await client.assistants.get_versions(made["assistant_id"])
    assert [(each["version"], each["name"]) for each in versions] == [(2, "two"), (1, "one")]


async def test_latest_goes_back_and_forth(client: Any) -> None:
    made = await client.assistants.create("memory", name="one")
    await client.assistants.update(made["assistant_id"], name="two")
    assert (await client.assistants.set_latest(made["assistant_id"], 1))["name"] == "one"
    assert (await client.assistants.set_latest(made["assistant_id"], 2))["name"] == "two"
    await client.assistants.set_latest(made["assistant_id"], 1)
    assert (await client.assistants.update(made["assistant_id"], name="three"))["version"] == 3


async def test_missing_version_does_not_exist(client: Any) -> None:
    made = await client.assistants.create("memory")
    with pytest.raises(NotFoundError, match="99"):
        await client.assistants.set_latest(made["assistant_id"], 99)


async def test_runs_use_the_latest_version(client: Any, thread: str) -> None:
    made = await client.assistants.create("memory", context={"tone": "dry"})
    await client.assistants.update(made["assistant_id"], context={"tone": "warm"})
    tones = []
    for version in (2, 1):
        await client.assistants.set_latest(made["assistant_id"], version)
        tones.append((await client.runs.wait(thread, made["assistant_id"], input={}))["seen"]["context"]["tone"])
    assert tones == ["warm", "dry"]


async def test_deleted_assistant_does_not_exist(client: Any, thread: str) -> None:
    made = await client.assistants.create("chat")
    await client.assistants.delete(made["assistant_id"])
    for call in (client.assistants.get, client.assistants.delete, client.assistants.get_versions):
        with pytest.raises(NotFoundError):
            await call(made["assistant_id"])
    with pytest.raises(NotFoundError):
        await client.runs.create(thread, made["assistant_id"], input={})


async def test_search(client: Any) -> None:
    mark = str(uuid4())
    made = [await client.assistants.create("memory", name=f"Bot {n}", metadata={"mark": mark, "n": n}) for n in range(3)]
    ids = [row["assistant_id"] for row in made]

    async def found(**options: Any) -> list[str]:
        return [row["assistant_id"] for row in await client.assistants.search(**options)]

    assert await found(metadata={"mark": mark}) == ids[::-1]
    assert await found(metadata={"mark": mark, "n": 1}) == [ids[1]]
    assert await found(name="bOt 2") == [ids[2]]
    assert await found(graph_id="memory", metadata={"mark": mark}, limit=1, offset=1) == [ids[1]]
    assert await found(metadata={"mark": mark}, sort_by="name", sort_order="asc") == ids


async def test_search_as_an_object_has_the_offset_of_the_next_page(client: Any) -> None:
    mark = str(uuid4())
    made = [(await client.assistants.create("memory", metadata={"mark": mark}))["assistant_id"] for _ in range(3)]
    first = await client.assistants.search(metadata={"mark": mark}, limit=2, response_format="object")
    assert ([row["assistant_id"] for row in first["assistants"]], first["next"]) == ([made[2], made[1]], "2")
    last = await client.assistants.search(metadata={"mark": mark}, limit=2, offset=2, response_format="object")
    assert ([row["assistant_id"] for row in last["assistants"]], last["next"]) == ([made[0]], None)


async def test_only_what_is_selected_is_answered(client: Any) -> None:
    made = await client.assistants.create("memory", name="Selected", context={"tone": "dry"})
    (row,) = await client.assistants.search(name="selected", select=["assistant_id", "context"])
    assert row == {"assistant_id": made["assistant_id"], "context": {"tone": "dry"}}


async def test_count(client: Any) -> None:
    mark = str(uuid4())
    for name in ("One", "Two"):
        await client.assistants.create("memory", name=name, metadata={"mark": mark})
    assert await client.assistants.count(metadata={"mark": mark}) == 2
    assert await client.assistants.count(metadata={"mark": mark}, name="tw", graph_id="memory") == 1


async def test_versions_are_filtered_by_metadata(client: Any) -> None:
    made = await client.assistants.create("memory", metadata={"n": 1})
    await client.assistants.update(made["assistant_id"], metadata={"n": 2})
    assert [row["version"] for row in await client.assistants.get_versions(made["assistant_id"], metadata={"n": 1})] == [1]


async def test_latest_restores_graph_config_and_context(client: Any) -> None:
    made = await client.assistants.create("memory", context={"tone": "dry"}, name="one", description="first")
    await client.assistants.update(made["assistant_id"], graph_id="chat", context={"tone": "warm"}, name="two", description="second")
    back = await client.assistants.set_latest(made["assistant_id"], 1)
    assert {**back, "updated_at": None} == {**made, "updated_at": None}


async def test_subgraphs_are_drawn_as_deep_as_asked(client: Any) -> None:
    async def nodes(xray: int | bool) -> set[str]:
        return {node["id"] for node in (await client.assistants.get_graph("nested", xray=xray))["nodes"]} - {"__start__", "__end__"}

    assert await nodes(False) == {"top", "middle"}
    assert await nodes(1) == {"top", "middle:gate", "middle:inner"}
    assert await nodes(True) == await nodes(2) == {"top", "middle:gate", "middle:inner:leaf"}


async def test_schemas(client: Any) -> None:
    found = await client.assistants.get_schemas(str(builtin_id("memory")))
    assert found["graph_id"] == "memory" and set(found["context_schema"]["properties"]) == {"user_id", "tone", "limit"}


async def test_subgraphs_have_schemas_by_namespace(client: Any) -> None:
    nested = str(builtin_id("nested"))
    assert list(await client.assistants.get_subgraphs(nested)) == ["middle"]
    assert list(await client.assistants.get_subgraphs(nested, recurse=True)) == ["middle", "middle|inner"]
    found = await client.assistants.get_subgraphs(nested, namespace="middle|inner", recurse=True)
    assert found["middle|inner"]["state_schema"]["title"] == "inner_state"
    assert await client.assistants.get_subgraphs(nested, namespace="nope") == {}


async def test_deleted_with_its_threads(client: Any, thread: str) -> None:
    made = await client.assistants.create("slow")
    await client.runs.wait(thread, made["assistant_id"], input={"seconds": 0, "steps": 1})
    await client.assistants.delete(made["assistant_id"], delete_threads=True)
    with pytest.raises(NotFoundError):
        await client.threads.get(thread)
