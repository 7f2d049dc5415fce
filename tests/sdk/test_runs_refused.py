"""What is known and not built is refused, never ignored"""

from typing import Any

import pytest
from langgraph_sdk.errors import UnprocessableEntityError


async def test_a_webhook_is_refused(client: Any, thread: str) -> None:
    with pytest.raises(UnprocessableEntityError, match="is not supported yet"):
        await client.runs.create(thread, "approval", input={"mode": "none"}, webhook="https://example.com/hook")
    assert await client.runs.list(thread) == []
