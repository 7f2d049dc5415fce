"""Frames of server-sent events, byte for byte as recorded."""

from collections.abc import Collection

HEARTBEAT = b": heartbeat\r\n\r\n"


def frame(event: str, data: bytes, id: str | None = None) -> bytes:
    """One event; `data` is JSON on one line, `id` is shown for resumable runs and thread streams only."""
    if id is None:
        return b"event: %b\r\ndata: %b\r\n\r\n" % (event.encode(), data)
    return b"event: %b\r\ndata: %b\r\nid: %b\r\n\r\n" % (event.encode(), data, id.encode())


def select_mode(event: str, modes: Collection[str]) -> bool:
    """Whether a reader who asked for these modes gets this event: never `metadata`, always `error`, whatever the namespace."""
    name = event.partition("|")[0].partition("/")[0]
    return name == "error" or name in modes or (name == "messages" and "messages-tuple" in modes)
