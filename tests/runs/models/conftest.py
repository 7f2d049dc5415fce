"""Threads that really pause need the graphs."""

import pytest
from django.conf import settings

from assistants.registry.loader import load


@pytest.fixture(scope="session", autouse=True)
def _graphs() -> None:
    load(settings.GRAPHS_FILE)
