"""Fixtures of the example tests."""

from collections.abc import Iterator

import pytest

from assistants.registry.loader import Registry, load_graphs
from assistants.registry.manifest import Manifest
from tests import stack


@pytest.fixture(scope="module")
def examples() -> Iterator[Registry]:
    """The graphs that ship, without a model's key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MODEL", raising=False)
        yield load_graphs(Manifest.read(stack.ROOT / "examples" / "langgraph.json"))
