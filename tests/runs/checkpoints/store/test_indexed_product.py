"""A langgraph.json with `store.index` and `store.ttl`, from setup to search"""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from langgraph.store.base import BaseStore

from assistants.registry.embedding import Embedder, StoreConfig, StoreIndex, load_store
from assistants.registry.loader import Registry
from assistants.registry.manifest import Manifest, ManifestError
from runs.checkpoints.dims import check_vectors, wanted_dims
from tenants.models import Tenant
from tests.builders import Person
from tests.graphs.embed import embed
from tests.runs.checkpoints.store.conftest import INDEXED
from tests.runs.engine.conftest import open_office
from tests.runs.engine.office import Opened, State, graph_of
from tests.servers import Stack

__all__ = ["open_office"]
pytestmark = pytest.mark.xdist_group("indexed")


def index(dims: int = 26) -> StoreConfig:
    """As langgraph.json would have it."""
    return StoreConfig(StoreIndex(dims, ("text",), Embedder.of(dims, embed)))


@pytest.fixture
def web(indexed: Stack, owner: Person) -> Iterator[httpx.Client]:
    """The owner's client of a product over it."""
    if not indexed.services:
        indexed.start_web(wait=False)
        indexed.start_worker()
    with httpx.Client(base_url=indexed.base_url, headers=owner.headers, timeout=30) as client:
        yield client


def test_what_nodes_and_clients_write_is_found_by_meaning_and_lives_for_the_default_time(web: httpx.Client, tenant: Tenant) -> None:
    assert web.get("/ready").json()["vector"] is True
    thread = web.post("/threads", json={}).json()["thread_id"]
    body = {"assistant_id": "memory", "input": {"note": "zoo"}, "context": {"user_id": "ann"}}
    assert web.post(f"/threads/{thread}/runs/wait", json=body).json()["notes"] == ["zoo"]
    assert web.put("/store/items", json={"namespace": ["notes", "bob"], "key": "b", "value": {"text": "banana"}}).status_code == 204
    found = web.post("/store/items/search", json={"namespace_prefix": ["notes"], "query": "ooz"}).json()["items"]
    assert [(item["value"]["text"], round(item["score"], 3)) for item in found] == [("zoo", 1.0), ("banana", 0.0)] or found[0][
        "score"
    ] > 0.7
    assert [item["score"] for item in web.post("/store/items/search", json={}).json()["items"]] == [None, None]
    with connection.cursor() as cursor:
        cursor.execute("select bool_and(expires_at between now() + interval '59 min' and now() + interval '1 h'), count(*) from store")
        assert cursor.fetchone() == (True, 2)
        cursor.execute("select count(*) from store_vectors")
        assert cursor.fetchone() == (2,)


@pytest.mark.parametrize("blocking", [False, True])
def test_nodes_of_both_kinds_write_vectors(indexed: Stack, open_office: Opened, blocking: bool) -> None:
    async def asynchronous(state: State, store: BaseStore) -> State:
        await store.aput(("n",), "a", {"text": "zoo"})
        await store.aput(("n",), "b", {"text": "banana"})
        return {"said": [item.key for item in await store.asearch(("n",), query="banal")]}

    def synchronous(state: State, store: BaseStore) -> State:
        store.put(("n",), "a", {"text": "zoo"})
        store.put(("n",), "b", {"text": "banana"})
        return {"said": [item.key for item in store.search(("n",), query="banal")]}

    office = open_office(graph_of(("node", synchronous if blocking else asynchronous)), index())
    assert office.thread_of(office.ended(office.run())).values == {"said": ["b", "a"]}


def test_synchronous_nodes_that_hold_every_thread_can_embed(indexed: Stack, open_office: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "RUN_SLOTS", 2)
    both = threading.Barrier(2)

    def node(state: State, store: BaseStore) -> State:
        both.wait(10)
        store.put(("n",), "a", {"text": "zoo"})
        return {"said": [str(len(store.search(("n",), query="zoo")))]}

    office = open_office(graph_of(("node", node)), index())
    runs = [office.run(), office.run()]
    assert [office.ended(run).status for run in runs] == ["success", "success"]


def test_an_embedding_that_fails_is_the_node_s_error(indexed: Stack, open_office: Opened) -> None:
    async def node(state: State, store: BaseStore) -> State:
        await store.aput(("n",), "a", {"text": "zoo"})
        return {}

    broken = StoreConfig(StoreIndex(26, ("text",), Embedder.of(26, lambda texts: [[0.5]])))
    office = open_office(graph_of(("node", node)), broken)
    run = office.ended(office.run())
    assert run.error is not None and "made a vector of 1 numbers; store.index.dims says 26" in run.error["message"]


def test_a_process_refuses_other_vectors_than_are_stored(indexed: Stack) -> None:
    for config in (StoreConfig(), index()):
        check_vectors(connections["default"], Registry(Path("none"), {}, config))
    with pytest.raises(ImproperlyConfigured, match=r"is 10, the stored vectors have 26 numbers.*manage.py reindex_store"):
        check_vectors(connections["default"], Registry(Path("none"), {}, index(10)))


def test_a_process_refuses_an_index_that_was_not_set_up(tenant: Tenant) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"run `manage\.py setup` first"):
        check_vectors(connections["default"], Registry(Path("none"), {}, index()))


def test_without_pgvector_there_is_a_store_without_an_index(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.checkpoints.dims.FACTS", "select false, null")
    monkeypatch.setattr(settings, "GRAPHS_FILE", INDEXED)
    graphs = Registry(Path("none"), {}, index())
    check_vectors(connections["default"], graphs)
    assert graphs.store.index is None
    assert wanted_dims(connections["default"]) is None


def test_setup_prepares_for_what_langgraph_json_says(tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wanted_dims(connections["default"]) is None
    monkeypatch.setattr(settings, "GRAPHS_FILE", INDEXED)
    assert wanted_dims(connections["default"]) == 26
    monkeypatch.setattr(settings, "GRAPHS_FILE", tmp_path / "none.json")
    assert wanted_dims(connections["default"]) is None


@pytest.mark.parametrize(
    ("embedding", "told"),
    [("./embed.py:nothing", "has no variable 'nothing'"), ("./gone.py:embed", "does not exist"), ("nobody:model", "nobody")],
)
def test_an_index_that_cannot_be_made_is_said(tmp_path: Path, embedding: str, told: str) -> None:
    (tmp_path / "embed.py").write_text("x = 1")
    (tmp_path / "langgraph.json").write_text(
        f'{{"graphs": {{"a": "a.py:g"}}, "store": {{"index": {{"embed": "{embedding}", "dims": 3}}}}}}'
    )
    with pytest.raises(ManifestError, match=told):
        load_store(Manifest.read(tmp_path / "langgraph.json"))
