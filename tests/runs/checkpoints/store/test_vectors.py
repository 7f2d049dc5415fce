"""Items are found by meaning: the right ones, in the right order, of one tenant only"""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, PutOp
from langgraph.store.memory import InMemoryStore

from assistants.registry.embedding import Embedder, StoreConfig, StoreIndex, Texts
from runs.checkpoints.store import sql, work
from runs.checkpoints.store.filters import BadOperation
from runs.checkpoints.store.service_store import ServiceStore
from tenants.database.context import acting_for
from tenants.exceptions import Unavailable
from tenants.models import Tenant
from tests import builders
from tests.graphs.embed import embed
from tests.servers import Stack
from tests.statements import statements
from tests.tenants.database import test_catalogue as catalogue

pytestmark = pytest.mark.xdist_group("indexed")
INDEX: IndexConfig = {"dims": 26, "embed": lambda texts: embed(list(texts)), "fields": ["text"]}
WORDS = ["abba", "baobab", "cab", "zoo", "ooze", "zebra", "banana", "cocoa", "xylophone", "jazz"]


def store_of(tenant: Tenant, function: Any = embed, *fields: str) -> ServiceStore:
    """As services use it, with an index."""
    return ServiceStore(tenant.tenant_id, StoreConfig(StoreIndex(26, fields or ("text",), Embedder.of(26, function))))


@pytest.fixture
def store(indexed: Stack, tenant: Tenant) -> ServiceStore:
    """The tenant's."""
    return store_of(tenant)


@pytest.fixture
def by_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every set of vectors counts as large."""
    monkeypatch.setattr(work, "EXACT_VECTORS", 0)


def filled(*stores: Any) -> None:
    for number, word in enumerate(WORDS):
        for store in stores:
            store.put(("w", f"u{number % 2}"), word, {"text": word, "n": number})


@pytest.mark.parametrize(
    "asked",
    [{}, {"limit": 3}, {"limit": 3, "offset": 4}, {"limit": 9, "filter": {"n": {"$gte": 4}}}, {"limit": 2, "filter": {"n": 7}}],
    ids=str,
)
@pytest.mark.parametrize("large", [False, True])
def test_found_are_those_that_langgraph_s_store_in_memory_finds(
    store: ServiceStore, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], large: bool
) -> None:
    if large:
        monkeypatch.setattr(work, "EXACT_VECTORS", 0)
    oracle = InMemoryStore(index=INDEX)
    filled(store, oracle)
    found = store.search(("w",), query="a zebra crossing", **asked)
    expected = oracle.search(("w",), query="a zebra crossing", **asked)
    assert [item.key for item in found] == [item.key for item in expected]
    assert [item.score for item in found] == [pytest.approx(item.score, abs=1e-5) for item in expected]


def test_a_namespace_is_searched_alone(store: ServiceStore) -> None:
    filled(store)
    assert {item.namespace for item in store.search(("w", "u1"), query="zoo")} == {("w", "u1")}
    assert store.search(("none",), query="zoo") == []


def neighbours(tenant: Tenant, count: int) -> None:
    """So many items of another tenant, all nearer to "a" than anything else."""
    prefix = f"{tenant.tenant_id}.n"
    with acting_for(tenant.tenant_id), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "insert into store (prefix, key, value) select %s, n::text, '{}' from generate_series(1, %s) n",
            [prefix, count],
        )
        cursor.execute(
            "insert into store_vectors (prefix, key, field_name, embedding) select %s, n::text, 'text',"
            " (select array_agg(case when i = 1 then 1 else random() * 0.1 + n * 0 end) from generate_series(1, 26) i)::vector"
            " from generate_series(1, %s) n",
            [prefix, count],
        )


@pytest.fixture(scope="module")
def crowd(_indexed: Stack) -> None:
    """A tenant with thousands of vectors."""
    with _indexed.adopted():
        neighbours(builders.make_tenant(), 3000)


def near(limit: int, tenant: Tenant, *before: str) -> list[Any]:
    """What the index alone gives, after these settings, and its plan."""
    low = str(tenant.tenant_id)
    vector = "[" + ",".join(["1"] + ["0"] * 25) + "]"
    given: dict[str, str | int] = {"low": low, "high": low + "/", "below": low + ".", "vector": vector, "width": limit}
    text = sql.NEAR_BY_INDEX.format(kind="vector", filters="")
    with transaction.atomic(), connection.cursor() as cursor:
        for each in before:
            cursor.execute(each)
        cursor.execute("explain " + text, given)
        assert "store_vectors_embedding_idx" in str(cursor.fetchall())
        cursor.execute(text, given)
        return list(cursor.fetchall())


@pytest.mark.parametrize("large", [False, True])
def test_a_small_tenant_beside_a_huge_one_finds_all_of_its_own(
    indexed: Stack, crowd: None, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:
        monkeypatch.setattr(work, "EXACT_VECTORS", 0)
    store = store_of(tenant)
    filled(store)
    found = store.search((), query="a", limit=10)
    assert len(found) == 10
    oracle = InMemoryStore(index=INDEX)
    filled(oracle)
    assert [item.score for item in found] == [pytest.approx(item.score, abs=1e-5) for item in oracle.search(("w",), query="a")]


def test_the_index_goes_on_until_the_tenant_has_enough(indexed: Stack, crowd: None, tenant: Tenant) -> None:
    filled(store_of(tenant))
    assert len(near(3, tenant, sql.ITERATE)) == 3
    assert near(3, tenant, sql.ITERATE, "set local hnsw.iterative_scan = off") == [], "the setting is what does it"


def test_what_the_index_does_not_find_is_compared_one_by_one(
    indexed: Stack, crowd: None, tenant: Tenant, by_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store_of(tenant))
    monkeypatch.setattr(sql, "ITERATE", "select set_config('hnsw.iterative_scan', 'off', true), set_config('enable_sort', 'off', true)")
    assert len(store_of(tenant).search((), query="a", limit=10)) == 10


def test_a_value_that_is_replaced_is_not_found_by_what_it_was(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("r",), "k", {"text": "zzz"})
    store.put(("r",), "k", {"text": "aaa"})
    (found,) = store.search(("r",), query="zzz")
    assert found.score == pytest.approx(0.0, abs=1e-6)
    store.put(("r",), "k", {"text": "zzz"}, index=False)
    assert store.search(("r",), query="zzz") == []
    assert [item.key for item in store.search(("r",))] == ["k"]
    store.put(("r",), "k", {"other": "zzz", "text": "a"}, index=["other", "list[*].x"])
    (found,) = store.search(("r",), query="zzz")
    assert found.score == pytest.approx(1.0)
    store.delete(("r",), "k")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from store_vectors")
        assert cursor.fetchone() == (0,)


def test_an_item_of_many_texts_is_found_once_and_crowds_nobody_out(store: ServiceStore, by_index: None) -> None:
    store.put(("m",), "many", {"texts": ["abc"] * 40}, index=["texts[*]"])
    store.put(("m",), "one", {"text": "abd"})
    store.put(("m",), "empty", {"text": "  "})
    assert [item.key for item in store.search(("m",), query="abc", limit=2)] == ["many", "one"]


@pytest.mark.parametrize("large", [False, True])
def test_what_is_near_to_nothing_comes_last(store: ServiceStore, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    monkeypatch.setattr(work, "EXACT_VECTORS", 0 if large else work.EXACT_VECTORS)
    for text in ("123", "cab", "zoo"):
        store.put(("z",), text, {"text": text})
    assert [(item.key, item.score) for item in store.search(("z",), query="cab")] == [("cab", 1.0), ("zoo", 0.0), ("123", None)]


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"list": ["x"] * 300}, ["list[*]"]),
        ({"a": "x" * 1_000_000}, ["{a, a, a, a, a, a, a, a}", "{a,a,a,a,a,a,a,a}", "{a,a,a,a,a,a,a,a }"]),
        ({"a": "x"}, ["{" + ",".join(["a"] * 120) + "}"]),
        ({"a": "x"}, ["a"] * 33),
        ({"a": "x"}, ["a" * 257]),
    ],
    ids=["elements", "characters", "fields", "paths", "long"],
)
def test_an_item_of_too_many_texts_is_refused(store: ServiceStore, value: dict[str, Any], paths: list[str]) -> None:
    with pytest.raises(BadOperation, match="An item may be indexed by at most"):
        store.put(("n",), "k", value, index=paths)
    assert store.search(()) == []


def test_expired_items_are_not_found_and_found_ones_live_longer(store: ServiceStore, tenant: Tenant) -> None:
    store.put(("t",), "gone", {"text": "a"}, ttl=10)
    with connection.cursor() as cursor:
        cursor.execute("update store set expires_at = now() - interval '1 s'")
    store.put(("t",), "k", {"text": "a"}, ttl=10)
    with connection.cursor() as cursor:
        cursor.execute("update store set expires_at = now() + interval '5 s' where key = 'k'")
    assert [item.key for item in store.search(("t",), query="a")] == ["k"]
    with connection.cursor() as cursor:
        cursor.execute("select expires_at > now() + interval '9 min' from store where key = 'k'")
        assert cursor.fetchone() == (True,)


def test_texts_are_embedded_outside_of_any_transaction(indexed: Stack, tenant: Tenant) -> None:
    inside: list[bool] = []

    def watching(texts: list[str]) -> list[list[float]]:
        inside.append(connections["default"].in_atomic_block)
        return embed(texts)

    store = store_of(tenant, watching)
    put = store.prepared_put(("n",), "k", {"text": "a"}, index=None, ttl=None)
    with transaction.atomic():
        put.execute()
    assert inside == [False]
    assert len(store.search((), query="a")) == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda texts: [[1.0]] * len(texts),
        lambda texts: [],
        lambda texts: 1 / 0,
        lambda texts: [[float("nan")] * 26] * len(texts),
        lambda texts: [[1e300] * 26] * len(texts),
    ],
    ids=["of another length", "too few", "fails", "no numbers", "too large"],
)
def test_an_embedding_that_fails_writes_nothing(indexed: Stack, tenant: Tenant, function: Any) -> None:
    with pytest.raises(Unavailable, match="embedding function of this server failed"):
        store_of(tenant, function).put(("n",), "k", {"text": "a"})
    assert store_of(tenant).search(()) == []
    with statements() as sent, pytest.raises(Unavailable):
        store_of(tenant, function).search((), query="a")
    assert sent == []


async def aembed(texts: list[str]) -> list[list[float]]:
    """Asynchronous, on a loop of its own."""
    await asyncio.sleep(0)
    assert threading.current_thread().name == "embed"
    return embed(texts)


class Model(Embeddings):
    """A provider's: questions are embedded in their own way."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return embed(texts)

    def embed_query(self, text: str) -> list[float]:
        return embed([text.removeprefix("question: ")])[0]


@pytest.mark.parametrize("function", [aembed, Model()], ids=["asynchronous", "embeddings"])
def test_other_kinds_of_functions_embed_too(indexed: Stack, tenant: Tenant, function: Any) -> None:
    store = store_of(tenant, function)
    filled(store)
    assert [item.key for item in store.search((), query="question: zoo", limit=1)] == ["zoo" if isinstance(function, Model) else "ooze"]


async def test_an_embedder_serves_loops_as_well(indexed: Stack) -> None:
    for function in (embed, aembed, Model()):
        embedder = Embedder.of(26, function)
        found = await embedder.aembed(Texts(["a", "b"], ["c"]))
        assert ([*found.documents], [*found.queries]) == (embed(["a", "b"]), embed(["c"]))
        assert await embedder.aembed(Texts()) == embedder.embed(Texts())
    with pytest.raises(TypeError, match="expected a function or Embeddings"):
        Embedder.of(26, 5)


def test_a_put_is_two_statements_and_a_search_one(store: ServiceStore) -> None:
    with statements() as put:
        store.batch([PutOp(("n",), str(number), {"text": "a"}) for number in range(20)])
    with statements() as found:
        store.search((), query="a", refresh_ttl=False)
    assert (len(put), len(found)) == (2, 1)


def test_the_table_of_vectors_is_walled_as_all_others(indexed: Stack, tenant: Tenant, store: ServiceStore) -> None:
    owner = connections["owner"]
    assert catalogue.unwalled(owner) == []
    assert catalogue.unscoped(owner) == []
    assert catalogue.ungranted(owner) == []
    filled(store)
    with acting_for(builders.make_tenant().tenant_id), connection.cursor() as cursor:
        cursor.execute("select count(*) from store_vectors")
        assert cursor.fetchone() == (0,)
