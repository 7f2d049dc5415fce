"""Fixtures: clients of the running product, and streams of runs that the tests drive themselves."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.builders import Person
from tests.runs.streams.conftest import center, publisher

__all__ = ["center", "http", "publisher", "web"]


@pytest.fixture
async def http(live: str, owner: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's plain client."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=30, limits=limits) as client:
        yield client


@pytest.fixture
def web(live: str, owner: Person) -> Iterator[httpx.Client]:
    """The owner's plain client without async."""
    with httpx.Client(base_url=live, headers=owner.headers, timeout=30) as client:
        yield client
