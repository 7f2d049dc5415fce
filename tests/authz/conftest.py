"""What both access matrices aim at."""

from collections.abc import Iterator

import httpx
import pytest

from tests.authz.targets import Village


@pytest.fixture(scope="module")
def village(live: str) -> Village:
    """Two tenants."""
    return Village.make()


@pytest.fixture(scope="module")
def http(live: str) -> Iterator[httpx.Client]:
    """Without a key."""
    with httpx.Client(base_url=live, timeout=30) as client:
        yield client
