"""Child processes that are started together, watched, started again when they die, and ended together."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from config.embedded.process import Launch, ServerFailed, size, tail

LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 10.0


class StopRequested(Exception):
    """Somebody wants the launcher to end."""


class Signals:
    """Ctrl-C, SIGTERM and a closed terminal as requests to stop, noticed where the launcher waits and nowhere else."""

    def __init__(self) -> None:
        self.requests = 0
        self._reading, self._writing = os.pipe()
        for end in (self._reading, self._writing):
            os.set_blocking(end, False)

    def listen(self) -> None:
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        # With a handler, a child that ends wakes the launcher up.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup make up` goes on when its terminal closes.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._request)

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requests += 1

    def wait(self, seconds: float) -> None:
        """Sleep until something happens, but not longer."""
        if select.select([self._reading], [], [], seconds)[0]:
            os.read(self._reading, 512)

    def pause(self, seconds: float) -> None:
        """Sleep, and raise StopRequested as soon as somebody asks for it."""
        if not self.requests:
            self.wait(seconds)
        if self.requests:
            raise StopRequested


class Part(Protocol):
    """What a supervisor watches: a child process or an embedded server."""

    @property
    def name(self) -> str: ...

    def alive(self) -> bool: ...

    def restart(self) -> None: ...


class Child:
    """One of the product's processes, with whatever it forks in its session."""

    def __init__(self, name: str, launch: Launch) -> None:
        self.name = name
        self.launch = launch
        self._process: subprocess.Popen[bytes] | None = None
        self._logged = 0

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        self._logged = size(self.launch.log)
        self._process = self.launch.spawn()

    def restart(self) -> None:
        self.signal_session(signal.SIGKILL)
        self.start()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def signal_session(self, number: int) -> None:
        """Signal the process and what it forked; the group's number stays taken while any of them lives."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    def must_live(self) -> None:
        """Raise with the end of its log when it has ended."""
        if self._process is not None and not self.alive():
            log = self.launch.log
            raise ServerFailed(
                f"{self.name} ended at start (status {self._process.returncode}); {log} ends with\n{tail(log, self._logged)}"
            )


def stop_children(children: Sequence[Child], signals: Signals, seconds: float = STOP_SECONDS) -> None:
    """Ask all at once to end, then end what is left; a further request to stop shortens the wait."""
    asked = signals.requests
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while any(child.alive() for child in children) and time.monotonic() < deadline and signals.requests == asked:
        signals.wait(0.2)
    for child in children:
        child.signal_session(signal.SIGKILL)
        child.wait()


@dataclass(slots=True)
class _Watched:
    part: Part
    started: float
    delay: float = 0.0
    due: float | None = None


class Supervisor:
    """Starts again what dies: at once the first time, then with growing delays until it has lived for a minute."""

    def __init__(self, parts: Sequence[Part], say: Callable[[str], None]) -> None:
        self._say = say
        self._watched = [_Watched(part, time.monotonic()) for part in parts]

    def watch(self, pause: Callable[[float], None]) -> None:
        """Run until the pause raises."""
        while True:
            self.look(time.monotonic())
            pause(0.5)

    def look(self, now: float) -> None:
        """One round over all parts: notice the dead, start those whose delay is over."""
        for watched in self._watched:
            if watched.due is None and not watched.part.alive():
                self._died(watched, now)
            if watched.due is not None and watched.due <= now:
                self._restart(watched, now)

    def _died(self, watched: _Watched, now: float) -> None:
        if now - watched.started > STEADY_SECONDS:
            watched.delay = 0.0
        watched.due = now + watched.delay
        when = "now" if not watched.delay else f"in {watched.delay:.0f} s"
        self._say(f"{watched.part.name} ended unexpectedly, starting it again {when}")
        watched.delay = min(max(1.0, watched.delay * 2), LONGEST_DELAY)

    def _restart(self, watched: _Watched, now: float) -> None:
        watched.due = None
        watched.started = now
        try:
            watched.part.restart()
        except ServerFailed as failure:
            self._say(str(failure))
