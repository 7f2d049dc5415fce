"""Fixtures: streams of runs that the tests drive themselves, read through the running product."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.builders import Person
from tests.runs.streams.conftest import center, publisher

__all__ = ["center", "http", "publisher"]


@pytest.fixture
async def http(live: str, owner: Person) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's plain client."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=live, headers=owner.headers, timeout=30, limits=limits) as client:
        yield client
