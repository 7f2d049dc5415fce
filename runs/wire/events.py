"""Events of a run: their ids, and how a batch of them travels through Redis."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson

END = "__end__"  # closes the log of a run or of a thread; never leaves the server
DONE = "__done__"  # in the log of a thread: a run of it has ended; `data` is what readers are shown
STATE_UPDATE = "state_update"  # in the log of a thread: somebody has written to its state
CLOSING = frozenset({END, DONE, STATE_UPDATE})  # nothing of the same epoch comes after
REPLAY = (0, 0)  # the cursor before every event
LAST = 999_999_999  # the number of a run's end that a service has set: above all that its worker may still send
WAIT_LIMIT = 256_000
HEAD = 17

_CURSOR = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)

Cursor = tuple[int, int]


@dataclass(slots=True)
class Event:
    """One event of an attempt; `epoch_ms` is its claim's time, `n` counts from 1 within it: ids are ordered over attempts and runs."""

    epoch_ms: int
    n: int
    event: str
    data: bytes

    @property
    def id(self) -> str:
        """The wire's id, which is a legal Redis stream id."""
        return f"{self.epoch_ms}-{self.n}"

    @property
    def cursor(self) -> Cursor:
        """The id as numbers, to compare."""
        return (self.epoch_ms, self.n)


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. `wait` is the body of a waiting request, or None when it was too large to travel: then the rows have it."""

    status: str
    wait: bytes | None
    error: dict[str, Any] | None

    def data(self) -> bytes:
        """Data of the END event."""
        wait = orjson.Fragment(self.wait) if self.wait is not None and len(self.wait) <= WAIT_LIMIT else None
        return orjson.dumps({"status": self.status, "wait": wait, "error": self.error})

    @classmethod
    def read(cls, data: bytes) -> "End":
        """The inverse of `data`."""
        end: dict[str, Any] = orjson.loads(data)
        return cls(end["status"], None if end["wait"] is None else orjson.dumps(end["wait"]), end["error"])


class Published(Protocol):
    """A run whose events are published, whether row, reference or claim."""

    @property
    def tenant_id(self) -> UUID:
        """Whose it is."""

    @property
    def thread_id(self) -> UUID:
        """Its thread, unique within the tenant only."""

    @property
    def run_id(self) -> UUID:
        """The run."""

    @property
    def resumable(self) -> bool:
        """Whether rows have all its events."""


def head(run_id: UUID | None, *, resumable: bool = False) -> bytes:
    """What precedes a batch on the channel of a thread: whose it is, and whether rows have it, too. No run: of the thread itself."""
    return (run_id.bytes if run_id is not None else bytes(HEAD - 1)) + (b"1" if resumable else b"0")


def pack(events: Iterable[Event]) -> bytes:
    """A batch as bytes: three lines per event. JSON on one line holds no line break, so nothing needs escaping."""
    return b"".join(b"%d-%d\n%b\n%b\n" % (event.epoch_ms, event.n, event.event.encode(), event.data) for event in events)


def unpack(batch: bytes) -> list[Event]:
    """The events of a packed batch, in order."""
    lines = batch.split(b"\n")
    events = []
    for at in range(0, len(lines) - 1, 3):
        epoch_ms, _, n = lines[at].partition(b"-")
        events.append(Event(int(epoch_ms), int(n), lines[at + 1].decode(), lines[at + 2]))
    return events


def parse_cursor(text: str | None) -> Cursor | None:
    """Where a reader of `Last-Event-ID` goes on: after that event, from the start (`-`, `-1`, `0`), or None: with what comes now."""
    if text is None:
        return None
    if text in ("-", "-1"):
        return REPLAY
    match = _CURSOR.fullmatch(text)
    return (int(match[1]), int(match[2] or 0)) if match else None
