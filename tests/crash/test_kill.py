"""kill -9 of a worker in the middle of a run: it ends right, once"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from tests.crash.conftest import Steps
from tests.servers import Service, Stack

pytestmark = pytest.mark.xdist_group("crash")
Background = Callable[[Callable[[], Any]], "Future[Any]"]


def test_finished_steps_are_not_repeated(crash: Stack, worker: Service, steps: Steps) -> None:
    steps.start(hold=3).reaches("enter 3")
    worker.kill()
    crash.start_worker()
    steps.reaches("enter 3", times=2)
    steps.open()
    row = steps.ends()
    assert (row["attempt"], row["crashes"]) == (2, 1)
    entered = [mark for mark in steps.trace() if mark.startswith("enter")]
    assert entered == ["enter 1", "enter 2", "enter 3", "enter 3", "enter 4", "enter 5"]
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5]


def test_run_without_progress_starts_over(crash: Stack, worker: Service, steps: Steps) -> None:
    steps.start(hold=1, durability="exit").reaches("enter 1")
    worker.kill()
    crash.start_worker()
    steps.open()
    assert steps.ends()["attempt"] == 2
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5]


def test_state_is_right_whatever_was_flushed(crash: Stack, worker: Service, steps: Steps) -> None:
    steps.start(hold=3, durability="async").reaches("enter 3")
    worker.kill()
    crash.start_worker()
    steps.open()
    steps.ends()
    assert steps.state()["values"]["ticks"] == [1, 2, 3, 4, 5]
    assert len([event for event in steps.rows("run", thread_id=steps.thread_id) if event["status"] == "success"]) == 1


def test_resume_is_rescued_with_its_answer(crash: Stack, worker: Service, steps: Steps) -> None:
    http, thread = steps.http, f"/threads/{steps.thread_id}"
    paused = http.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "double"}}).json()
    worker.kill()
    command = {"resume": {paused["__interrupt__"][0]["id"]: "yes"}}
    run = http.post(f"{thread}/runs", json={"assistant_id": "approval", "command": command}).json()
    crash.start_worker()
    answer = http.get(f"{thread}/runs/{run['run_id']}/join").json()
    assert [each["value"] for each in answer["__interrupt__"]] == [{"action": "confirm", "after": "yes"}]


def test_third_crash_ends_the_run_visibly(crash: Stack, no_worker: None, steps: Steps) -> None:
    steps.start(hold=1)
    for attempt in (1, 2, 3):
        doomed = crash.start_worker()
        steps.reaches("enter 1", times=attempt)
        doomed.kill()
    crash.start_worker()
    row = steps.ends("error")
    assert row["crashes"] == 3
    assert steps.http.get(f"/threads/{steps.thread_id}").json()["status"] == "error"


def test_waiter_and_stream_are_answered(crash: Stack, worker: Service, steps: Steps, background: Background) -> None:
    steps.start(hold=3, stream_mode=["custom", "values"], stream_resumable=True).reaches("enter 3")
    path = f"/threads/{steps.thread_id}/runs/{steps.run_id}"
    joined = background(lambda: steps.http.get(f"{path}/join").json())
    streamed = background(lambda: steps.http.get(f"{path}/stream", headers={"Last-Event-ID": "-"}).text)
    worker.kill()
    crash.start_worker()
    steps.reaches("enter 3", times=2)
    steps.open()
    assert joined.result(60)["ticks"] == [1, 2, 3, 4, 5]
    text = streamed.result(60)
    ids = [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=lambda one: tuple(map(int, one.split("-"))))
    assert '"attempt":2' in text.replace(" ", "")
    assert '"ticks":[1,2,3,4,5]' in text.replace(" ", "")
