"""What the store keeps and finds: LangGraph's own store in memory says what is right."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore

from assistants.registry.embedding import StoreConfig
from assistants.registry.store_section import TtlSection
from runs.checkpoints.store import sql
from runs.checkpoints.store.filters import BadOperation
from runs.checkpoints.store.service_store import ServiceStore
from tenants.database.context import acting_for
from tenants.models import Tenant
from tests import builders
from tests.statements import statements

VALUES: dict[str, dict[str, Any]] = {
    "blue": {"color": "blue", "n": 2, "deep": {"x": 1, "y": {"z": [1, 2]}}, "tags": ["a", "b"]},
    "red": {"color": "red", "n": 10, "deep": {"x": 2}, "tags": [], "on": True},
    "none": {"color": None, "n": 2.5, "deep": {}},
    "other": {"title": 'it\'s "quoted" %s \\ {0}', "n": -1},
}


def store_of(tenant_id: UUID, **ttl: Any) -> ServiceStore:
    """As services use it."""
    return ServiceStore(tenant_id, StoreConfig(ttl=TtlSection(**ttl)))


@pytest.fixture
def store(tenant: Tenant) -> ServiceStore:
    """The tenant's."""
    return store_of(tenant.tenant_id)


def expire(tenant: Tenant, seconds: float) -> None:
    """Let those of the tenant's items that have a time to live expire in so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute("update store set expires_at = now() + make_interval(secs => %s) where ttl_minutes is not null", [seconds])


def lifetimes(tenant: Tenant) -> list[int | None]:
    """Whole seconds that the tenant's items have left."""
    with connection.cursor() as cursor:
        cursor.execute("select round(extract(epoch from expires_at - now()))::int from store order by key")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "wanted",
    [
        {"color": "blue"},
        {"color": None},
        {"color": {"$ne": "blue"}},
        {"color": {"$eq": "red"}, "n": {"$gte": 10}},
        {"n": {"$gt": 2}},
        {"n": {"$gt": 2, "$lt": 10}},
        {"n": {"$lte": 2.5}},
        {"n": 2},
        {"deep": {"x": 1}},
        {"deep": {"y": {"z": [1, 2]}}},
        {"deep": {}},
        {"tags": ["a", "b"]},
        {"tags": []},
        {"on": True},
        {"title": 'it\'s "quoted" %s \\ {0}'},
        {"missing": {"$ne": 1}},
        {},
    ],
    ids=str,
)
def test_a_filter_finds_what_langgraph_s_store_in_memory_finds(store: ServiceStore, wanted: dict[str, Any]) -> None:
    oracle = InMemoryStore()
    for key, value in VALUES.items():
        store.put(("f",), key, value)
        oracle.put(("f",), key, value)
    expected = [item.key for item in oracle.search(("f",), filter=wanted)]
    assert [item.key for item in store.search(("f",), filter=wanted)] == expected


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"n": {"$bogus": 1}}, r"Unsupported operator: \$bogus"),
        ({"$eq": 1}, r"Unsupported operator: \$eq"),
        ({"n": {"$gt": [1]}}, "compares numbers or strings"),
        ({"n": {"$gt": True}}, "compares numbers or strings"),
        ({"n' or 'a'='a": 1}, "must consist of"),
        ({"deep": {"x; drop table store": 1}}, "must consist of"),
        ({"k" * 129: 1}, "must consist of"),
        ({f"k{number}": 1 for number in range(101)}, "at most 100"),
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_understood_is_refused(store: ServiceStore, wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(BadOperation, match=told):
        store.search((), filter=wanted)


def test_texts_are_compared_with_texts_and_numbers_with_numbers(store: ServiceStore) -> None:
    for key, value in (("ten", 10), ("nine", 9), ("word", "9"), ("day", "2026-01-02")):
        store.put(("c",), key, {"v": value})
    assert [item.key for item in store.search(("c",), filter={"v": {"$gt": 9}})] == ["ten"]
    assert [item.key for item in store.search(("c",), filter={"v": {"$gte": "2026-01-01"}})] == ["word", "day"]


def test_a_namespace_is_whole_labels(store: ServiceStore) -> None:
    for namespace in (("s",), ("s", "u1"), ("s-1",), ("s/1",), ("s!",), ("s1",), ("S",), ("a", "s")):
        store.put(namespace, "k", {})
    assert [item.namespace for item in store.search(("s",))] == [("s",), ("s", "u1")]
    assert len(store.search(())) == 8
    assert [item.namespace for item in store.search(("s_",))] == []


def test_items_come_in_the_order_in_which_they_were_made(store: ServiceStore) -> None:
    for key in ("b", "a", "c"):
        store.put(("o",), key, {})
    store.put(("o",), "b", {"again": True})
    assert [item.key for item in store.search(("o",))] == ["b", "a", "c"]
    assert [item.key for item in store.search(("o",), limit=1, offset=1)] == ["a"]


def test_replacing_keeps_the_time_of_making(store: ServiceStore) -> None:
    store.put(("r",), "k", {"a": 1})
    first = store.get(("r",), "k")
    store.put(("r",), "k", {"b": 2})
    second = store.get(("r",), "k")
    assert first is not None and second is not None
    assert (second.value, second.created_at) == ({"b": 2}, first.created_at)
    assert second.updated_at > first.updated_at


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"prefix": ("a",)},
        {"suffix": ("x",)},
        {"prefix": ("a", "*"), "suffix": ("x",)},
        {"prefix": ("*", "b")},
        {"suffix": ("*", "x")},
        {"suffix": ("*", "*", "*", "*")},
        {"max_depth": 1},
        {"max_depth": 2, "limit": 1, "offset": 1},
        {"prefix": ("none",)},
    ],
    ids=str,
)
def test_namespaces_are_those_of_langgraph_s_store_in_memory(store: ServiceStore, asked: dict[str, Any]) -> None:
    oracle = InMemoryStore()
    for namespace in (("a",), ("a", "b"), ("a", "b", "x"), ("a-b",), ("b", "x"), ("x",), ("a(b", "c+")):
        store.put(namespace, "k", {})
        oracle.put(namespace, "k", {})
    found = store.list_namespaces(**asked)
    assert found == sorted(found)
    assert found == sorted(oracle.list_namespaces(**asked)) or "limit" in asked


@pytest.mark.parametrize("asked", [{"suffix": ("x" * 1_000_000,)}, {"prefix": ("*",) * 100_000}], ids=["long", "many"])
def test_a_pattern_that_no_namespace_can_have_is_refused(store: ServiceStore, asked: dict[str, Any]) -> None:
    with pytest.raises(BadOperation, match="may have at most 2000 bytes"):
        store.list_namespaces(**asked)


def test_paths_are_checked_for_the_day_with_an_index(store: ServiceStore) -> None:
    with pytest.raises(BadOperation, match="at most 32 paths"):
        store.put(("n",), "k", {}, index=["a" * 300])


def test_a_batch_reads_before_it_writes_and_the_last_put_counts(store: ServiceStore) -> None:
    store.put(("b",), "k", {"n": 0})
    puts = [PutOp(("b",), "k", {"n": 1}), PutOp(("b",), "k", {"n": 2}), PutOp(("b",), "gone", {"n": 3}), PutOp(("b",), "gone", None)]
    assert store.batch(puts) == [None] * 4
    assert [(item.key, item.value) for item in store.search(("b",))] == [("k", {"n": 2})]


def test_values_come_back_as_they_were(store: ServiceStore) -> None:
    value = {"text": "ü \u2028 😀", "list": [1, 1.5, None, {"a": []}], "big": 2**60, "nul": "a\0b"}
    store.put(("v",), "k", value)
    found = store.get(("v",), "k")
    assert found is not None and found.value == value | {"nul": "a\ufffdb"}


@pytest.mark.parametrize("namespace", [(), ("a.b",), ("",), ("langgraph",), ("x" * 2000,)])
def test_a_namespace_that_cannot_be_is_refused(store: ServiceStore, namespace: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        store.put(namespace, "k", {})


def test_another_tenant_s_items_do_not_exist(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("n",), "k", {"n": 1})
    other = store_of(builders.make_tenant().tenant_id)
    other.put(("n",), "k", {"n": 2})
    other.delete(("n",), "k")
    assert other.search(()) == [] == other.list_namespaces()
    assert other.search((str(tenant.tenant_id),)) == []
    assert other.get((str(tenant.tenant_id), "n"), "k") is None
    found = store.get(("n",), "k")
    assert found is not None and found.value == {"n": 1}


def test_row_level_security_holds_without_any_condition(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("n",), "k", {"n": 1})
    with acting_for(uuid4()), connection.cursor() as cursor:
        cursor.execute("select count(*) from store")
        assert cursor.fetchone() == (0,)
        cursor.execute("update store set value = '{}'")
        assert cursor.rowcount == 0
    with acting_for(uuid4()), pytest.raises(Exception, match="row-level security"), connection.cursor() as cursor:
        cursor.execute("insert into store (prefix, key, value) values (%s, 'k', '{}')", [f"{tenant.tenant_id}.n"])


def test_what_has_expired_is_gone_before_any_sweep(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("t",), "k", {"n": 1}, ttl=10)
    made = store.get(("t",), "k")
    expire(tenant, -1)
    assert store.get(("t",), "k") is None
    assert store.search(("t",)) == [] == store.list_namespaces()
    store.put(("t",), "k", {"n": 2})
    again = store.get(("t",), "k")
    assert made is not None and again is not None
    assert again.created_at > made.created_at


def test_a_read_prolongs_what_has_a_ttl(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("t",), "k", {}, ttl=0.5)
    store.put(("t",), "stays", {})
    for read in (
        lambda: store.get(("t",), "k"),
        lambda: store.search(("t",)),
    ):
        expire(tenant, 5)
        read()
        assert lifetimes(tenant) == [30, None]
    expire(tenant, 5)
    store.get(("t",), "k", refresh_ttl=False)
    store.search(("t",), refresh_ttl=False)
    assert lifetimes(tenant) == [5, None]


def test_the_manifest_s_ttl_is_the_default(tenant: Tenant) -> None:
    store = store_of(tenant.tenant_id, default=60.0, refresh_on_read=False)
    store.put(("t",), "a", {})
    store.put(("t",), "b", {}, ttl=None)
    store.put(("t",), "c", {}, ttl=1)
    assert lifetimes(tenant) == [3600, None, 60]
    expire(tenant, 5)
    store.get(("t",), "a")
    assert lifetimes(tenant) == [5, None, 5]


def test_a_read_does_not_wait_for_whoever_writes_the_item(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("t",), "k", {}, ttl=10)
    with transaction.atomic():
        store.put(("t",), "k", {"n": 2}, ttl=10)
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(lambda: store_of(tenant.tenant_id).get(("t",), "k")).result(5)
    assert beside is not None and beside.value == {}


def test_writes_roll_back_with_their_transaction(store: ServiceStore) -> None:
    with pytest.raises(KeyError), transaction.atomic():
        store.put(("n",), "k", {})
        raise KeyError
    assert store.get(("n",), "k") is None


def test_each_operation_is_one_statement(store: ServiceStore) -> None:
    with statements() as sent:
        store.put(("n",), "k", {})
        store.get(("n",), "k")
        store.search(("n",))
        store.list_namespaces()
        store.delete(("n",), "k")
    assert len(sent) == 5


def test_a_search_reads_its_range_of_the_index(store: ServiceStore, tenant: Tenant) -> None:
    store.batch([PutOp((f"user-{number}",), f"k{item}", {"n": item}) for number in range(300) for item in range(10)])
    text = sql.SEARCH.format(filters="") % {"low": "%s", "high": "%s", "below": "%s", "limit": "10", "offset": "0"}
    low = f"{tenant.tenant_id}.user-7"
    with connection.cursor() as cursor:
        cursor.execute(f"explain {text}", [low, low + "/", low, low + "."])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "store_prefix_idx" in plan or "store_pkey" in plan
    assert "Seq Scan" not in plan
