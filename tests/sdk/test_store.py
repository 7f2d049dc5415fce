"""The store with the official client: one store for clients and graphs"""

from typing import Any

import pytest

from tenants.models import Tenant
from tests.builders import Person, key_of
from tests.conftest import Sdk
from tests.sdk.refusals import refused


async def test_an_item_is_kept_replaced_and_removed(client: Any) -> None:
    await client.store.put_item(["docs", "ann"], "k", {"text": "one", "n": 1})
    first = await client.store.get_item(["docs", "ann"], "k")
    assert (first["namespace"], first["key"], first["value"]) == (["docs", "ann"], "k", {"text": "one", "n": 1})
    await client.store.put_item(["docs", "ann"], "k", {"text": "two"})
    second = await client.store.get_item(["docs", "ann"], "k")
    assert (second["value"], second["created_at"]) == ({"text": "two"}, first["created_at"])
    assert second["updated_at"] > first["updated_at"]
    await client.store.delete_item(["docs", "ann"], "k")
    await client.store.delete_item(["docs", "ann"], "k")
    assert await client.store.get_item(["docs", "ann"], "k") is None


async def test_items_are_found_by_their_values_in_pages(client: Any) -> None:
    for n in range(12):
        await client.store.put_item(["s", f"u{n % 2}"], f"k{n}", {"n": n, "deep": {"x": n % 3}})
    found = await client.store.search_items(["s", "u0"], filter={"n": {"$gt": 2, "$lte": 10}})
    assert [item["key"] for item in found["items"]] == ["k4", "k6", "k8", "k10"]
    assert {item["score"] for item in found["items"]} == {None}
    nested = await client.store.search_items(["s"], filter={"deep": {"x": 1}}, limit=2, offset=1)
    assert [item["key"] for item in nested["items"]] == ["k4", "k7"]
    assert len((await client.store.search_items([], query="ignored without an index"))["items"]) == 10
    with refused(400):
        await client.store.search_items(["s"], filter={"n": {"$bogus": 1}})


async def test_namespaces_are_listed(client: Any) -> None:
    for namespace in (["a", "x"], ["a", "y", "deep"], ["b", "x"]):
        await client.store.put_item(namespace, "k", {})
    assert (await client.store.list_namespaces())["namespaces"] == [["a", "x"], ["a", "y", "deep"], ["b", "x"]]
    assert (await client.store.list_namespaces(suffix=["x"]))["namespaces"] == [["a", "x"], ["b", "x"]]
    assert (await client.store.list_namespaces(prefix=["a"], max_depth=2, limit=1, offset=1))["namespaces"] == [["a", "y"]]


async def test_what_a_node_writes_the_client_reads_and_the_other_way_round(client: Any, thread: str) -> None:
    await client.store.put_item(["notes", "ann"], "from outside", {"text": "from outside", "tone": "warm"})
    result = await client.runs.wait(thread, "memory", input={"note": "from a node"}, context={"user_id": "ann", "tone": "cold"})
    assert result["notes"] == ["from a node", "from outside"]
    found = await client.store.search_items(["notes"])
    assert [(item["key"], item["value"]["tone"]) for item in found["items"]] == [("from outside", "warm"), ("from a node", "cold")]
    await client.store.delete_item(["notes", "ann"], "from outside")
    other = (await client.threads.create())["thread_id"]
    assert (await client.runs.wait(other, "memory", input={}, context={"user_id": "ann"}))["notes"] == ["from a node"]


async def test_the_same_namespace_in_two_tenants_is_two(client: Any, thread: str, sdk: Sdk, stranger: Person) -> None:
    other: Any = sdk(stranger.key)
    await client.runs.wait(thread, "memory", input={"note": "ours"}, context={"user_id": "ann"})
    theirs = (await other.threads.create())["thread_id"]
    assert (await other.runs.wait(theirs, "memory", input={"note": "theirs"}, context={"user_id": "ann"}))["notes"] == ["theirs"]
    assert [item["key"] for item in (await client.store.search_items([]))["items"]] == ["ours"]
    assert await other.store.get_item(["notes", "ann"], "ours") is None


async def test_an_item_with_a_ttl_is_read_until_it_expires(client: Any) -> None:
    await client.store.put_item(["t"], "short", {}, ttl=0)
    await client.store.put_item(["t"], "long", {}, ttl=5)
    assert await client.store.get_item(["t"], "short") is None
    assert await client.store.get_item(["t"], "long", refresh_ttl=True) is not None
    assert [item["key"] for item in (await client.store.search_items(["t"]))["items"]] == ["long"]


@pytest.fixture(params=["viewer", "operator", "reviewer"])
def reader(request: pytest.FixtureRequest, sdk: Sdk, tenant: Tenant) -> Any:
    """Somebody who may read the store."""
    return sdk(key_of(tenant, request.param))


async def test_who_may_only_read_cannot_write(client: Any, reader: Any) -> None:
    await client.store.put_item(["n"], "k", {"n": 1})
    with refused(403, "store.write"):
        await reader.store.put_item(["n"], "k", {"n": 2})
    with refused(403, "store.write"):
        await reader.store.delete_item(["n"], "k")
    assert (await reader.store.get_item(["n"], "k"))["value"] == {"n": 1}
