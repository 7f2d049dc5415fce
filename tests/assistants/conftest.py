"""Graphs of tests/graphs, loaded as web and worker load them."""

import pytest
from django.conf import settings

from assistants.registry.loader import Registry, load


@pytest.fixture(scope="session", autouse=True)
def _graphs() -> Registry:
    return load(settings.GRAPHS_FILE)
