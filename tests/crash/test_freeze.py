"""A worker that was frozen past its lease writes nothing when it wakes up"""

import pytest

from tests.crash.conftest import Steps
from tests.servers import Service, Stack
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("crash")


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_zombie_writes_nothing(crash: Stack, worker: Service, steps: Steps, durability: str) -> None:
    steps.start(hold=3, durability=durability, stream_resumable=True, stream_mode=["values", "custom"]).reaches("enter 3")
    worker.freeze()
    second = crash.start_worker()
    steps.reaches("enter 3", times=2)
    steps.open()
    assert steps.ends()["attempt"] == 2
    second.kill()
    before = steps.written()
    worker.thaw()
    # Its node goes on: what it returns must not be stored.
    steps.reaches("leave 3", times=2)
    prove_alive(crash, worker, steps)
    after = steps.written()
    for table, rows in before.items():
        assert rows == [row for row in after[table] if row in rows], table
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5]
    assert steps.row()["attempt"] == 2
    own = [row for row in steps.rows("checkpoints") if row["thread_id"].endswith(steps.thread_id)]
    assert len(own) == sum(steps.thread_id in row for row in before["checkpoints"])


def test_short_freeze_costs_nothing(worker: Service, steps: Steps) -> None:
    steps.start(hold=2).reaches("enter 2")
    worker.freeze()
    worker.thaw()
    steps.open()
    row = steps.ends()
    assert (row["attempt"], row["crashes"]) == (1, 0)


def prove_alive(crash: Stack, worker: Service, steps: Steps) -> None:
    """The woken worker serves other runs, so it has looked at everything it had before."""
    assert worker.alive()
    thread = steps.http.post("/threads", json={}).json()["thread_id"]
    answer = steps.http.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "none"}})
    assert answer.json()["done"]
    until("the zombie's run stays as it was", lambda: steps.row()["status"] == "success")
