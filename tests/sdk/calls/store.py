"""Methods of `client.store`."""

from typing import Any

from tests.sdk.calls.registry import calls

NAMESPACE = ("calls", "python")


async def items(client: Any, *keys: str) -> None:
    """Put so many, numbered."""
    for n, key in enumerate(keys):
        await client.store.put_item(NAMESPACE, key, {"text": key, "n": n})


@calls("store.put_item")
async def put_item(client: Any) -> None:
    await client.store.put_item(NAMESPACE, key="k", value={"text": "one"}, index=False, ttl=5)
    await client.store.put_item(NAMESPACE, key="k", value={"n": 1}, index=["text"])
    assert (await client.store.get_item(NAMESPACE, key="k"))["value"] == {"n": 1}


@calls("store.get_item")
async def get_item(client: Any) -> None:
    await items(client, "k")
    item = await client.store.get_item(NAMESPACE, key="k", refresh_ttl=True)
    assert (item["namespace"], item["key"], item["value"]) == (list(NAMESPACE), "k", {"text": "k", "n": 0})
    assert await client.store.get_item(NAMESPACE, key="missing") is None


@calls("store.delete_item")
async def delete_item(client: Any) -> None:
    await items(client, "k")
    await client.store.delete_item(NAMESPACE, key="k")
    assert await client.store.get_item(NAMESPACE, key="k") is None


@calls("store.search_items")
async def search_items(client: Any) -> None:
    await items(client, "a", "b", "c")
    found = await client.store.search_items(("calls",), filter={"n": {"$gte": 1}}, limit=5)
    assert sorted(item["key"] for item in found["items"]) == ["b", "c"]
    assert len((await client.store.search_items(("calls",), limit=2, offset=2))["items"]) == 1


@calls("store.list_namespaces")
async def list_namespaces(client: Any) -> None:
    await items(client, "k")
    await client.store.put_item(("calls", "python", "deep"), key="k", value={})
    assert (await client.store.list_namespaces(prefix=["calls"]))["namespaces"] == [list(NAMESPACE), [*NAMESPACE, "deep"]]
    assert (await client.store.list_namespaces(prefix=["calls"], max_depth=1))["namespaces"] == [["calls"]]
