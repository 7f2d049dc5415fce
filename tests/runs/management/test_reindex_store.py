"""`manage.py reindex_store`: all vectors anew, for every tenant, as each put wanted them."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from assistants.registry.embedding import Embedder, StoreConfig, StoreIndex, load_store
from assistants.registry.loader import Registry
from assistants.registry.manifest import Manifest
from runs.checkpoints.dims import check_vectors
from runs.checkpoints.store import reindex
from runs.checkpoints.store.service_store import ServiceStore
from runs.checkpoints.tables import set_up
from tenants.database.context import acting_for
from tests import builders, stack
from tests.graphs.embed import embed
from tests.servers import Stack
from tests.tenants.database.test_catalogue import unwalled

MANIFEST = '{"graphs": {"a": "a.py:g"}, "dependencies": ["."], "store": {"index": {"embed": "./embed_anew.py:embed", "dims": 3}}}'
EMBED = "def embed(texts):\n    return [[float(text.count(letter)) for letter in 'abz'] for text in texts]\n"


@pytest.fixture
def place(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with another langgraph.json, and a database whose items were made with the one before."""
    made = Stack.apart("reindexed")
    try:
        urls = {role: stack.role_url(role, made.database) for role in stack.ROLES}
        set_up(urls["owner"], "holdfast_test", 26)
        (tmp_path / "embed_anew.py").write_text(EMBED)
        (tmp_path / "langgraph.json").write_text(MANIFEST)
        monkeypatch.setattr(settings, "DATABASE_URLS", urls)
        monkeypatch.setattr(settings, "GRAPHS_FILE", tmp_path / "langgraph.json")
        with made.adopted():
            yield tmp_path
    finally:
        made.stop()


def test_every_item_gets_the_vectors_that_its_put_wanted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 2)
    tenants = [builders.make_tenant(), builders.make_tenant()]
    before = StoreConfig(StoreIndex(26, ("text",), Embedder.of(26, embed)))
    for tenant in tenants:
        with acting_for(tenant.tenant_id):
            store = ServiceStore(tenant.tenant_id, before)
            store.put(("n",), "a", {"text": "aa"})
            store.put(("n",), "silent", {"text": "zz"}, index=False)
            store.put(("n", "deep"), "title", {"text": "zz", "title": "bb"}, index=["title"])
    said = StringIO()
    call_command("reindex_store", stdout=said)
    assert "done: 6 items, vectors of 3 numbers" in said.getvalue()
    after = load_store(Manifest.read(place / "langgraph.json"))
    check_vectors(connections["default"], Registry(place, {}, after))
    assert unwalled(connections["owner"]) == []
    for tenant in tenants:
        with acting_for(tenant.tenant_id):
            found = ServiceStore(tenant.tenant_id, after).search((), query="b")
            assert [(item.key, item.score) for item in found] == [("title", 1.0), ("a", 0.0)]
    call_command("reindex_store", stdout=StringIO())


def test_an_item_that_cannot_be_indexed_keeps_nobody_else_from_it(place: Path) -> None:
    tenant = builders.make_tenant()
    with acting_for(tenant.tenant_id):
        store = ServiceStore(tenant.tenant_id, StoreConfig())  # nothing was to be embedded when they were written
        store.put(("n",), "a", {"list": ["a"] * 300}, index=["list[*]"])
        store.put(("n",), "b", {"text": "b"})
    call_command("reindex_store", stdout=StringIO())
    after = load_store(Manifest.read(place / "langgraph.json"))
    with acting_for(tenant.tenant_id):
        assert [item.key for item in ServiceStore(tenant.tenant_id, after).search((), query="b")] == ["b"]


def test_without_an_index_there_is_nothing_to_do(place: Path) -> None:
    (place / "langgraph.json").write_text('{"graphs": {"a": "a.py:g"}}')
    with pytest.raises(CommandError, match=r"has no store\.index"):
        call_command("reindex_store")
    (place / "langgraph.json").write_text("{")
    with pytest.raises(CommandError, match="is not JSON"):
        call_command("reindex_store")
