"""What every embedded server needs of the operating system: children that die with us, identities that outlive pids, ports."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10_000_000
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

Pause = Callable[[float], None]


class ServerFailed(Exception):
    """A server did not start, or ended while it was waited for; says so in words for the terminal."""


@dataclass(frozen=True, slots=True)
class Account:
    """A Unix user to run a server as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Identity:
    """A process told apart from a later one with the same pid by the moment it started."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def identity_of(pid: int) -> Identity | None:
    started = start_time(pid)
    return None if started is None else Identity(pid, started)


def start_time(pid: int) -> str | None:
    """The moment a process started, in the system's own words; None when it is gone or a zombie."""
    if sys.platform != "linux":
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip() or None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the name in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _dies_with(parent: int, number: int) -> Callable[[], None]:
    """What a child does before it becomes a server: let the kernel signal it when the thread that forked it dies."""

    def in_child() -> None:
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        # The parent may have died between fork and prctl; then no signal would ever come.
        if os.getppid() != parent:
            os._exit(1)

    return in_child


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server process is started: what, where, as whom, and the signal it gets when the launcher dies."""

    command: Sequence[str]
    directory: Path
    log: Path
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    death_signal: int = signal.SIGKILL

    def spawn(self, given: bytes = b"", output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Start the process in a session of its own, so that Ctrl-C in the terminal reaches the launcher alone.

        It finds `given` (less than a pipe holds) on standard input; what it prints goes to the log, or apart to `output`.
        """
        with open_log(self.log) as log, _pipe_with(given) as stdin:
            return subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=stdin,
                stdout=log if output is None else output,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                user=None if self.account is None else self.account.uid,
                group=None if self.account is None else self.account.gid,
                extra_groups=None if self.account is None else [],
                # Runs after the change of user, which would clear the death signal.
                preexec_fn=_dies_with(os.getpid(), self.death_signal),
            )


def _pipe_with(content: bytes) -> IO[bytes]:
    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:
        pipe.write(content)
    return open(reading, "rb")


def open_log(path: Path) -> BufferedWriter:
    """Open a log for appending; one that has grown large is kept once under another name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))
    return open(path, "ab", opener=private)


def private(path: str, flags: int) -> int:
    """An opener of files that nobody else may read."""
    return os.open(path, flags, 0o600)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def tail(path: Path, since: int = 0, lines: int = 15) -> str:
    """The end of what was logged since the file had this size, indented for the terminal; tracebacks in JSON are unfolded."""
    try:
        text = path.read_bytes()[since:][-20_000:].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.replace("\\n", "\n").splitlines()[-lines:])


def end(identity: Identity, steps: Sequence[tuple[int, float]]) -> bool:
    """Send each signal and wait as long for the process to go; True when it is gone. A stranger on its pid is never touched."""
    for number, seconds in steps:
        if not identity.alive:
            return True
        os.kill(identity.pid, number)
        deadline = time.monotonic() + seconds
        while identity.alive and time.monotonic() < deadline:
            time.sleep(0.02)
    return not identity.alive


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[int, float]]) -> None:
    """End a child of ours: each signal, then as many seconds of patience."""
    for number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
