"""What is known and not built is refused, never ignored"""

from typing import Any

import pytest
from langgraph_sdk.errors import UnprocessableEntityError

UNBUILT: list[dict[str, Any]] = [
    {"webhook": "https://example.com/hook"},
    {"stream_mode": "events"},
    {"stream_mode": ["values", "debug"]},
    {"stream_mode": "messages"},
    {"stream_mode": "tasks"},
    {"stream_mode": "checkpoints"},
]


@pytest.mark.parametrize("field", UNBUILT, ids=lambda field: "-".join(f"{k}={v}" for k, v in field.items()))
async def test_field_is_refused(client: Any, thread: str, field: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableEntityError, match="is not supported yet"):
        await client.runs.create(thread, "approval", input={"mode": "none"}, **field)
    assert await client.runs.list(thread) == []
