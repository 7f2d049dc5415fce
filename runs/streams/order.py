"""Events in order: which are new, and how many of them can be shown because nothing is missing before them."""

from collections.abc import Callable

from runs.wire.events import CLOSING, END, LAST, Cursor, Event

Gapless = Callable[[int], bool]  # whether all events of this epoch are stored


def past(event: Event) -> Cursor:
    """Where a reader stands after an event: what closes an epoch leaves nothing of it."""
    return (event.epoch_ms, LAST) if event.event in CLOSING else event.cursor


def after(events: list[Event], seen: Cursor | None) -> list[Event]:
    """Events after the cursor, in order, each once, up to the end."""
    fresh: list[Event] = []
    for event in events:
        if event.event == END:
            fresh.append(event)
            break
        if seen is None or event.cursor > seen:
            fresh.append(event)
            seen = past(event)
    return fresh


def merged(events: list[Event]) -> list[Event]:
    """By id, each once, the end last."""
    unique = {event.cursor: event for event in events if event.event != END}
    return [unique[cursor] for cursor in sorted(unique)] + [event for event in events if event.event == END][:1]


def showable(events: list[Event], seen: Cursor | None, gapless: Gapless, *, checked: bool) -> int:
    """How many of these follow on one another; if `checked`, they are those `after` the cursor.

    What lies between two epochs is unknown until rows have been looked at since (`checked`): they are final for all epochs below the
    newest, and for that one as well once it is closed.
    """
    if not events:
        return 0
    newest = events[-1]
    closed = newest.event in CLOSING
    for at, event in enumerate(events):
        if not _follows(seen, event, gapless):
            final = closed or event.epoch_ms < newest.epoch_ms or event.n == 1 or not gapless(event.epoch_ms)
            if not (checked and final):
                return at
        seen = past(event)
    return len(events)


def _follows(seen: Cursor | None, event: Event, gapless: Gapless) -> bool:
    """Whether nothing can lie between."""
    if seen is None:
        return True
    return event.epoch_ms == seen[0] and (event.n == seen[1] + 1 or (event.n > seen[1] and not gapless(seen[0])))
