"""Frames of server-sent events, byte for byte as recorded."""

from collections.abc import Collection

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
