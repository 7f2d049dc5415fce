"""after_seconds"""

from datetime import datetime
from typing import Any

import pytest

STEP = {"seconds": 0, "steps": 1, "tick": 0}


@pytest.mark.usefixtures("sweeps")
async def test_delayed_run_starts_on_time_and_others_overtake_it(client: Any, thread: str) -> None:
    late = await client.runs.create(thread, "slow", input={**STEP, "tag": "late"}, after_seconds=2)
    assert (late["status"], (await client.threads.get(thread))["status"]) == ("pending", "busy")
    assert datetime.fromisoformat(late["created_at"]) > datetime.fromisoformat(late["updated_at"])
    values = await client.runs.wait(thread, "slow", input={**STEP, "tag": "soon"})
    assert values["tag"] == "soon"
    assert [run["status"] for run in await client.runs.list(thread)] == ["pending", "success"], "newest `created_at` first"
    await client.runs.join(thread, late["run_id"])
    row = await client.threads.get(thread)
    assert (row["status"], row["values"]["tag"]) == ("idle", "late")


async def test_delayed_run_can_be_cancelled(client: Any, thread: str) -> None:
    run = await client.runs.create(thread, "slow", input=STEP, after_seconds=600)
    await client.runs.cancel(thread, run["run_id"], wait=True)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    assert (await client.threads.get(thread))["status"] == "idle"
