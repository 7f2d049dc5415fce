"""Two worker processes, and one that leaves"""

from collections.abc import Callable

import pytest

from tests.crash.conftest import Steps
from tests.servers import Service, Stack
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("crash")


@pytest.fixture
def both(crash: Stack) -> None:
    """Two workers."""
    for _ in range(2 - len(crash.keep_workers(2))):
        crash.start_worker(wait=False)
    crash.wait_until_ready()


def test_each_run_is_executed_once(both: None, new_steps: Callable[[], Steps]) -> None:
    many = [new_steps().start(hold=0, steps=2) for _ in range(20)]
    for each in many:
        assert each.ends()["attempt"] == 1
        assert each.trace() == ["enter 1", "leave 1", "enter 2", "leave 2"]


def test_runs_of_one_thread_keep_their_order(both: None, steps: Steps) -> None:
    for number in range(8):
        steps.start(hold=0, steps=number + 1)
    steps.ends()
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [mark for mark in steps.trace() if mark.startswith("enter")] == [f"enter {n}" for n in range(1, 9)]


def test_busy_worker_leaves_the_next_run_to_the_other(crash: Stack, no_worker: None, new_steps: Callable[[], Steps]) -> None:
    for _ in range(2):
        crash.start_worker(wait=False, HOLDFAST_RUN_SLOTS="1")
    crash.wait_until_ready()
    many = [new_steps().start(hold=1, steps=1) for _ in range(2)]
    for each in many:
        each.reaches("enter 1")
    assert len({each.row()["lease_owner"] for each in many}) == 2
    for each in many:
        each.open()
        each.ends()


def test_drained_worker_hands_its_run_on(crash: Stack, worker: Service, steps: Steps) -> None:
    steps.start(hold=2).reaches("enter 2")
    crash.start_worker()
    worker.terminate()
    # A drained worker takes no new run: the other one is there for it.
    steps.open()
    assert worker.ends(30) == 0
    row = steps.ends()
    assert row["crashes"] == 0
    assert [mark for mark in steps.trace() if mark.startswith("enter")] == [f"enter {n}" for n in range(1, 6)]
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5]


def test_draining_worker_claims_nothing(crash: Stack, worker: Service, new_steps: Callable[[], Steps]) -> None:
    held = new_steps().start(hold=1, steps=1)
    held.reaches("enter 1")
    owner = held.row()["lease_owner"]
    worker.terminate()
    until("it stops listening", lambda: crash.listeners() == 1)  # the sweeps are left
    later = new_steps().start(hold=0)
    crash.start_worker(wait=False)
    later.ends()
    held.open()
    assert worker.ends(30) == 0
    held.ends()
    settled = [row for row in later.rows("run", run_id=later.run_id) if row["lease_owner"] == owner]
    assert settled == []
