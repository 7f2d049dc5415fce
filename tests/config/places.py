"""Where tests of the embedded servers keep their data, and what they look at from outside."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.embedded.process import start_time


@contextmanager
def reachable_directory(name: str = "with a space") -> Iterator[Path]:
    """A directory that any user may pass through, as a checkout usually is; pytest's own belong to root alone."""
    place = Path(tempfile.mkdtemp(prefix="holdfast-test-"))
    place.chmod(0o755)
    try:
        (place / name).mkdir()
        yield place / name
    finally:
        shutil.rmtree(place, ignore_errors=True)


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Look until it holds. What is waited for happens in the kernel or in a process that offers no probe."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def ask(url: str, question: str) -> object:
    """The first value of a statement's first row, if it has any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
    return None if row is None else row[0]


def processes_in(directory: Path) -> list[int]:
    """The living processes that work in a directory or were started from it."""
    found = []
    for entry in Path("/proc").iterdir():
        if (
            entry.name.isdigit()
            and int(entry.name) != os.getpid()
            and start_time(int(entry.name)) is not None
            and _touches(entry, directory)
        ):
            found.append(int(entry.name))
    return found


def _touches(entry: Path, directory: Path) -> bool:
    try:
        return str(directory) in (entry / "cmdline").read_text(errors="replace") or Path(os.readlink(entry / "cwd")).is_relative_to(
            directory
        )
    except OSError:
        return False
