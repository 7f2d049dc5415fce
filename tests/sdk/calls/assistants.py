"""Methods of `client.assistants`."""

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError

from tests.builders import builtin_id
from tests.sdk.calls.registry import calls

NESTED = str(builtin_id("nested"))


@calls("assistants.create")
async def create(client: Any) -> None:
    row = await client.assistants.create("memory", context={"tone": "dry"}, metadata={"a": 1}, name="Dry", description="d")
    assert (row["graph_id"], row["name"], row["description"], row["version"], row["metadata"]) == ("memory", "Dry", "d", 1, {"a": 1})
    assert row["context"] == row["config"]["configurable"] == {"tone": "dry"}


@calls("assistants.get")
async def get(client: Any) -> None:
    row = await client.assistants.create("memory")
    assert await client.assistants.get(row["assistant_id"]) == row


@calls("assistants.update")
async def update(client: Any) -> None:
    row = await client.assistants.create("memory", metadata={"a": 1})
    changed = await client.assistants.update(row["assistant_id"], metadata={"b": 2}, name="two", description="d", context={"limit": 1})
    assert (changed["version"], changed["name"], changed["metadata"]) == (2, "two", {"a": 1, "b": 2})


@calls("assistants.delete")
async def delete(client: Any) -> None:
    row = await client.assistants.create("memory")
    thread = await client.threads.create(metadata={"assistant_id": row["assistant_id"]})
    await client.assistants.delete(row["assistant_id"])
    with pytest.raises(NotFoundError):
        await client.assistants.get(row["assistant_id"])
    assert (await client.threads.get(thread["thread_id"]))["thread_id"] == thread["thread_id"]


@calls("assistants.search")
async def search(client: Any) -> None:
    made = [await client.assistants.create("memory", name=f"Bot {n}", metadata={"mine": True}) for n in range(3)]
    found = await client.assistants.search(metadata={"mine": True}, sort_by="name", sort_order="asc", select=["assistant_id", "name"])
    assert found == [{"assistant_id": row["assistant_id"], "name": row["name"]} for row in made]
    page = await client.assistants.search(metadata={"mine": True}, limit=2, response_format="object")
    assert (len(page["assistants"]), page["next"]) == (2, "2")
    last = await client.assistants.search(metadata={"mine": True}, limit=2, offset=2, response_format="object")
    assert (len(last["assistants"]), last["next"]) == (1, None)


@calls("assistants.count")
async def count(client: Any) -> None:
    await client.assistants.create("memory", name="Counted")
    assert await client.assistants.count(graph_id="memory", name="counted") == 1


@calls("assistants.get_graph")
async def get_graph(client: Any) -> None:
    drawn = await client.assistants.get_graph(NESTED)
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "top", "middle", "__end__"]
    deep = await client.assistants.get_graph("nested", xray=True)
    assert "middle:inner:leaf" in [node["id"] for node in deep["nodes"]]


@calls("assistants.get_schemas")
async def get_schemas(client: Any) -> None:
    schemas = await client.assistants.get_schemas(str(builtin_id("memory")))
    assert schemas["graph_id"] == "memory"
    assert set(schemas["context_schema"]["properties"]) == {"user_id", "tone", "limit"}


@calls("assistants.get_subgraphs")
async def get_subgraphs(client: Any) -> None:
    assert set(await client.assistants.get_subgraphs(NESTED, recurse=True)) == {"middle", "middle|inner"}
    assert set(await client.assistants.get_subgraphs(NESTED, namespace="middle")) == {"middle"}


@calls("assistants.get_versions")
async def get_versions(client: Any) -> None:
    row = await client.assistants.create("memory", name="one")
    await client.assistants.update(row["assistant_id"], name="two")
    assert [version["name"] for version in await client.assistants.get_versions(row["assistant_id"])] == ["two", "one"]
    assert [version["version"] for version in await client.assistants.get_versions(row["assistant_id"], limit=1, offset=1)] == [1]


@calls("assistants.set_latest")
async def set_latest(client: Any) -> None:
    row = await client.assistants.create("memory", name="one")
    await client.assistants.update(row["assistant_id"], name="two")
    assert (await client.assistants.set_latest(row["assistant_id"], 1))["name"] == "one"
