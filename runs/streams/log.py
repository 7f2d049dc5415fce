"""What a follower needs of a log, be it that of a run or of a thread, and how somebody wants to follow it."""

from dataclasses import dataclass, field
from typing import Protocol

from runs.streams.hub import Reader
from runs.wire.events import Cursor, Event


@dataclass(frozen=True, slots=True)
class Following:
    """How to follow. `after` None: from now on. `fresh`: created by this request, nothing is older. `end_only`: just the end of a run.

    `updates_only`: of a thread just what is said of itself, nothing of its runs.
    """

    after: Cursor | None = None
    fresh: bool = False
    end_only: bool = False
    updates_only: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """Events found; `more`: rows may have others after them. `cursor`: where the reader stands, if that is said anew."""

    events: list[Event] = field(default_factory=list)
    more: bool = False
    cursor: Cursor | None = None


class Log(Protocol):
    """Where the events of a run or a thread are found, for one reader."""

    reader: Reader
    exact: bool

    def gapless(self, epoch_ms: int) -> bool:
        """Whether all events of an epoch are stored, so that none may be missed."""

    def untouched(self, seen: Cursor | None) -> bool:
        """Whether nothing can be older than the first event."""

    def behind(self, seen: Cursor | None) -> bool:
        """Whether the last poll tells of something that the reader has not seen."""

    @property
    def lively(self) -> bool:
        """Whether rows may have news while Redis is away."""

    def read(self, chunks: list[bytes]) -> list[Event]:
        """What came over the channel."""

    async def begin(self) -> Stored:
        """What there is at the start."""

    async def again(self, seen: Cursor | None) -> Stored:
        """After a time in which messages may have been missed."""

    async def stored(self, seen: Cursor | None) -> Stored:
        """A page of rows after the cursor."""

    def caught_up(self, seen: Cursor | None) -> Cursor | None:
        """Where a reader stands who has seen all that rows have."""

    async def finish(self, seen: Cursor | None) -> list[Event]:
        """The poll has said that it is over and no end has come: what is left, and the end."""
