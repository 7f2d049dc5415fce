"""A database whose items have vectors of 26 numbers, and the product over it."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from runs.checkpoints.tables import set_up
from tests import stack
from tests.servers import Stack

INDEXED = stack.ROOT / "tests" / "graphs" / "langgraph.indexed.json"


@pytest.fixture(scope="session")
def _indexed(database: None) -> Iterator[Stack]:
    made = Stack.apart("indexed", HOLDFAST_CONFIG=str(INDEXED))
    try:
        set_up(stack.role_url("owner", made.database), "holdfast_test", 26)
        yield made
    finally:
        made.stop()


@pytest.fixture
def indexed(_indexed: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """For this test, and the engines that it starts, the database with vectors. Ask for it before `tenant`."""
    monkeypatch.setattr(settings, "WORKER_DATABASE_URL", stack.role_url("worker", _indexed.database))
    with _indexed.adopted():
        yield _indexed
