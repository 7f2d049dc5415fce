"""Frames of server-sent events, byte for byte as recorded."""

from collections.abc import Collection

from runs.wire.events import DONE, END, STATE_UPDATE, Cursor, Event, parse_cursor
from runs.wire.query import Query, many
from tenants.exceptions import Invalid

THREAD_MODES = frozenset({"run_modes", "lifecycle", "state_update"})
HEARTBEAT = b": heartbeat\r\n\r\n"


def frame(event: str, data: bytes, id: str | None = None) -> bytes:
    """One event; `data` is JSON on one line, `id` is shown for resumable runs and thread streams only."""
    if id is None:
        return b"event: %b\r\ndata: %b\r\n\r\n" % (event.encode(), data)
    return b"event: %b\r\ndata: %b\r\nid: %b\r\n\r\n" % (event.encode(), data, id.encode())


def select_mode(event: str, modes: Collection[str]) -> bool:
    """Whether a reader who asked for these modes, or events by name, gets this event: never `metadata`, always `error`.

    The namespace does not matter; either of the two message modes gets the messages in the form which the run produces.
    """
    name = event.partition("|")[0]
    mode = name.partition("/")[0]
    return mode == "error" or mode in modes or name in modes or (mode == "messages" and "messages-tuple" in modes)


def thread_modes(query: Query) -> frozenset[str]:
    """What a reader of a thread asked for, in the parameter's own name or in that of the clients. Raises Invalid for an unknown mode."""
    modes = many(query, "stream_modes", "stream_mode")
    for mode in modes:
        if mode not in THREAD_MODES:
            raise Invalid(f"Invalid stream mode: {mode}")
    return frozenset(modes) or frozenset({"run_modes"})


def thread_cursor(text: str | None) -> Cursor | None:
    """`Last-Event-ID` of a thread's stream; Invalid if it is no id."""
    cursor = parse_cursor(text or None)
    if text and cursor is None:
        raise Invalid("Invalid last-event-id: must be a valid Redis stream ID")
    return cursor


def in_thread(event: Event, modes: Collection[str]) -> bool:
    """Whether a reader of a thread who asked for these modes gets this event."""
    if event.event in (END, STATE_UPDATE):
        return event.event in modes
    return "run_modes" in modes or ("lifecycle" in modes and event.event in (DONE, "metadata"))


def named(event: Event) -> Event:
    """An event of a thread as it is called on the wire."""
    return event if event.event != DONE else Event(event.epoch_ms, event.n, "metadata", event.data)
