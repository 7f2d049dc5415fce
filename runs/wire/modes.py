"""Stream modes: what each asks of LangGraph, and how what comes of it is named and written."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson

from runs.wire.debug import checkpoint_chunk, debug_json, task_json
from runs.wire.encoding import dumps, dumps_message_tuple, dumps_whatever
from runs.wire.merge import own_keys
from runs.wire.messages import Frame, Messages

Namespace = tuple[str, ...]
Write = Callable[[Any], bytes]

EVENTS = "events"
_METADATA_KEPT = 64


def graph_modes(asked: Collection[str]) -> frozenset[str]:
    """The modes asked for, as LangGraph calls them; `events` is none of its own."""
    return frozenset("messages" if mode == "messages-tuple" else mode for mode in asked if mode != EVENTS)


class Chunks:
    """One run's chunks on their way to frames."""

    def __init__(self, asked: Collection[str]) -> None:
        self._metadata = _Encoded()
        self._messages = Messages() if "messages" in asked and "messages-tuple" not in asked else None
        writers: dict[str, Write] = {
            "values": dumps,
            "updates": dumps,
            "custom": dumps,
            "messages": self._token,
            "tasks": lambda chunk: dumps_whatever(task_json(chunk)),
            "checkpoints": lambda chunk: dumps_whatever(checkpoint_chunk(chunk)),
            "debug": lambda chunk: dumps_whatever(debug_json(chunk)),
            EVENTS: self._event,
        }
        wanted = graph_modes(asked) | ({EVENTS} & set(asked))
        self._writers = {mode: write for mode, write in writers.items() if mode in wanted}

    def frames(self, namespace: Namespace, mode: str, chunk: Any) -> Sequence[Frame]:
        """Names and data; nothing for a mode that was not asked for. Raises TypeError where values cannot be JSON."""
        write = self._writers.get(mode)
        if write is None:
            return ()
        if mode == "messages" and self._messages is not None:
            return self._messages.frames(*chunk)
        return (("|".join((mode, *namespace)) if namespace else mode, write(chunk)),)

    def pass_by(self, mode: str, chunk: Any) -> None:
        """Remember of a chunk that is not sent what later ones build on."""
        if mode == "messages" and self._messages is not None:
            self._messages.add(*chunk)

    def _token(self, chunk: Any) -> bytes:
        message, metadata = chunk
        return dumps_message_tuple(message, self._metadata.of(metadata))

    def _event(self, event: Any) -> bytes:
        return dumps_whatever({**event, "metadata": self._metadata.of(event["metadata"])})


class _Encoded:
    """JSON of metadata. That of all tokens of one model call is one object: it is encoded once, also while several calls take turns."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, orjson.Fragment]] = {}

    def of(self, metadata: dict[str, Any]) -> orjson.Fragment:
        """As the client may know it."""
        found = self._known.get(id(metadata))
        if found is None:
            if len(self._known) >= _METADATA_KEPT:
                del self._known[next(iter(self._known))]
            # With the object itself, whose id must not become another's.
            found = self._known[id(metadata)] = (metadata, orjson.Fragment(dumps(own_keys(metadata))))
        return found[1]
