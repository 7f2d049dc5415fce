"""Redis is emptied in the middle: runs end, and who waits is answered"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from runs.streams import keys
from tests.crash.conftest import Steps
from tests.servers import Service, Stack
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("crash")
Background = Callable[[Callable[[], Any]], "Future[Any]"]


def test_run_ends_and_waiters_are_answered(crash: Stack, worker: Service, steps: Steps, background: Background) -> None:
    steps.start(hold=3, stream_mode=["values"]).reaches("enter 3")
    path = f"/threads/{steps.thread_id}/runs/{steps.run_id}"
    joined = background(lambda: steps.http.get(f"{path}/join").json())
    streamed = background(lambda: steps.http.get(f"{path}/stream").text)
    with crash.redis() as client:
        until("both listen", lambda: client.exists(keys.listen(steps.row()["run_id"])))
    crash.flush_redis()
    steps.open()
    assert steps.ends()["attempt"] == 1
    assert joined.result(30)["ticks"] == [1, 2, 3, 4, 5]
    assert streamed.result(30) is not None


def test_resumable_stream_has_no_gap(crash: Stack, worker: Service, steps: Steps, background: Background) -> None:
    steps.start(hold=3, stream_mode=["custom"], stream_resumable=True).reaches("enter 3")
    path = f"/threads/{steps.thread_id}/runs/{steps.run_id}/stream"
    streamed = background(lambda: steps.http.get(path, headers={"Last-Event-ID": "-"}).text)
    crash.flush_redis()
    steps.open()
    steps.ends()
    ticks = [line for line in streamed.result(30).splitlines() if "tick" in line]
    assert [line.replace(" ", "") for line in ticks] == [f'data:{{"tick":{n}}}' for n in (1, 2, 3, 4, 5)]


def test_worker_that_starts_needs_no_wake_up(crash: Stack, no_worker: None, steps: Steps) -> None:
    steps.start(hold=0)
    crash.flush_redis()
    crash.start_worker()
    steps.ends(seconds=10)


def test_wake_up_lost_although_its_flag_is_set(crash: Stack, worker: Service, steps: Steps) -> None:
    with crash.redis() as client:
        client.set(keys.flag("runs"), b"1", px=500)
        client.delete("runs")
    steps.start(hold=0)
    steps.ends(seconds=10)


def test_flush_while_many_wait(crash: Stack, no_worker: None, new_steps: Callable[[], Steps]) -> None:
    many = [new_steps().start(hold=0, steps=2) for _ in range(10)]
    crash.start_worker()
    crash.flush_redis()
    for each in many:
        assert each.ends()["attempt"] == 1
        assert each.trace() == ["enter 1", "leave 1", "enter 2", "leave 2"]
