"""Refusals as the official client shows them."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest


@contextmanager
def refused(status: int, text: str = "") -> Iterator[None]:
    """The call is refused so; `wait` raises httpx' own error, other calls the SDK's, which is derived from it."""
    with pytest.raises(httpx.HTTPStatusError) as caught:
        yield
    assert caught.value.response.status_code == status
    assert text in caught.value.response.text
