"""Children are watched, started again with growing delays, and ended with whatever they forked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.embedded.process import Identity, Launch, ServerFailed, end, identity_of, start_time
from config.embedded.supervisor import Child, Signals, Supervisor, stop_children
from tests.config.places import wait_for

FORKS = "import os, pathlib, sys, time; child = os.fork(); child and pathlib.Path(sys.argv[1]).write_text(str(child)); time.sleep(60)"


class Mortal:
    """A part that dies as often as it is told to."""

    name = "mortal"

    def __init__(self, lives: int) -> None:
        self.lives = lives
        self.starts = 0

    def alive(self) -> bool:
        return self.starts > self.lives

    def restart(self) -> None:
        self.starts += 1


def child(tmp_path: Path, code: str, *arguments: str) -> Child:
    command = [sys.executable, "-c", code, *arguments]
    return Child("test child", Launch(command, tmp_path, tmp_path / "child.log"))


def test_the_first_death_is_answered_at_once_and_later_ones_with_growing_delays() -> None:
    said: list[str] = []
    part = Mortal(lives=4)
    supervisor = Supervisor([part], said.append)
    now = time.monotonic()
    starts = []
    for tenth in range(200):
        supervisor.look(now + tenth / 10)
        starts.append(part.starts)
    assert [starts.index(number) / 10 for number in (1, 2, 3, 4, 5)] == pytest.approx([0, 1.1, 3.2, 7.3, 15.4], abs=0.2)
    assert said[0] == "mortal ended unexpectedly, starting it again now"


def test_a_part_that_lived_for_a_minute_is_started_again_at_once() -> None:
    said: list[str] = []
    part = Mortal(lives=0)
    supervisor = Supervisor([part], said.append)
    now = time.monotonic()
    supervisor.look(now)
    part.lives = 1
    supervisor.look(now + 90)
    assert part.starts == 2


def test_a_child_that_ends_at_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = child(tmp_path, "raise SystemExit('no such graph')")
    broken.start()
    wait_for(lambda: not broken.alive())
    with pytest.raises(ServerFailed, match="no such graph"):
        broken.must_live()


def test_what_a_child_forked_ends_with_it(tmp_path: Path) -> None:
    forking = child(tmp_path, FORKS, str(tmp_path / "pid"))
    forking.start()
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    stop_children([forking], Signals())
    grandchild = int((tmp_path / "pid").read_text())
    wait_for(lambda: start_time(grandchild) is None)


def test_children_that_do_not_listen_are_killed(tmp_path: Path) -> None:
    deaf = child(tmp_path, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)")
    deaf.start()
    wait_for(lambda: (tmp_path / "child.log").read_bytes())
    stop_children([deaf], Signals(), seconds=0.1)
    assert not deaf.alive()


def test_a_second_request_shortens_the_wait(tmp_path: Path) -> None:
    deaf = child(tmp_path, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)")
    deaf.start()
    wait_for(lambda: (tmp_path / "child.log").read_bytes())
    signals = Signals()
    before = signal.getsignal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, signals._request)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    started = time.monotonic()
    stop_children([deaf], signals)
    signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 5


def test_a_stranger_on_a_reused_pid_is_never_signalled() -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        assert end(Identity(stranger.pid, "another time"), [(signal.SIGKILL, 1.0)])
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_that_is_gone_has_no_identity() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    assert identity_of(gone.pid) is None
    assert identity_of(os.getpid()) is not None
