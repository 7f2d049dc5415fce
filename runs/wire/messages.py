"""Messages of the stream mode `messages`: told once what they are, then whole each time a token comes."""

from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, BaseMessageChunk

from runs.wire.encoding import dumps, message_json

Frame = tuple[str, bytes]
Json = dict[str, Any]

MOST_PENDING = 100
_OF_CHUNKS = ("tool_call_chunks", "chunk_position")


class Messages:
    """The messages of one run as far as they have come."""

    def __init__(self) -> None:
        self._told: set[str | None] = set()
        self._growing: dict[str | None, _Growing] = {}

    def add(self, message: BaseMessage, metadata: Json) -> None:
        """Take a token that nobody is shown, so that who listens later sees the whole message."""
        if isinstance(message, BaseMessageChunk):
            self._grown(message, metadata)
        else:
            self._growing.pop(message.id, None)

    def frames(self, message: BaseMessage, metadata: Json) -> list[Frame]:
        """What is sent when a token or a whole message has come; the metadata with the first of a message only."""
        sent: list[Frame] = []
        if message.id not in self._told:
            self._told.add(message.id)
            sent.append(("messages/metadata", dumps({message.id: {"metadata": metadata}})))
        if isinstance(message, BaseMessageChunk):
            sent.append(("messages/partial", dumps((self._grown(message, metadata).whole(),))))
        else:
            self._growing.pop(message.id, None)
            sent.append(("messages/complete", dumps((message,))))
        return sent

    def _grown(self, chunk: BaseMessageChunk, metadata: Json) -> "_Growing":
        growing = self._growing.get(chunk.id)
        # All tokens of one model call share one metadata object: another call starts over, even under an id that was used before.
        if growing is None or growing.metadata is not metadata:
            growing = self._growing[chunk.id] = _Growing(chunk, metadata)
        else:
            growing.pending.append(chunk)
            if len(growing.pending) == MOST_PENDING:  # nobody is shown it, and a chunk is a hundred times its text
                growing.whole()
        return growing


class _Growing:
    """One message that is being streamed.

    Chunks that bring text alone are joined as text: LangChain's own addition builds and checks a whole message each time, which costs
    more than sending it.
    """

    __slots__ = ("_base", "_shown", "_text", "metadata", "pending")

    def __init__(self, chunk: BaseMessageChunk, metadata: Json) -> None:
        self.metadata = metadata
        self.pending: list[BaseMessageChunk] = []
        self._rebase(chunk)

    def whole(self) -> Json:
        """The message so far, as the wire shows it."""
        pending, self.pending = self.pending, []
        for chunk in pending:
            if self._text is not None and _is_text(chunk):
                self._text += str(chunk.content)
            else:
                self._rebase(self._summed(chunk))
        return self._shown if self._text is None else {**self._shown, "content": self._text}

    def _summed(self, chunk: BaseMessageChunk) -> BaseMessageChunk:
        base = self._base if self._text is None else self._base.model_copy(update={"content": self._text})
        summed = base + chunk
        assert isinstance(summed, BaseMessageChunk)
        return summed

    def _rebase(self, chunk: BaseMessageChunk) -> None:
        self._base = chunk
        self._text = chunk.content if isinstance(chunk.content, str) else None
        self._shown = _of_message(chunk)


def _is_text(chunk: BaseMessageChunk) -> bool:
    """Whether a chunk brings nothing but text. What it has of its own is looked at, so that a field which LangChain adds is not lost."""
    if type(chunk) is not AIMessageChunk or type(chunk.content) is not str or chunk.__pydantic_extra__:
        return False
    return all(name in _IGNORED or not value for name, value in chunk.__dict__.items())


_IGNORED = frozenset({"content", "type", "id"})


def _of_message(chunk: BaseMessageChunk) -> Json:
    """The keys of the message that a chunk is a part of; the class it is a chunk of comes first among its bases."""
    whole: Any = type(chunk).__mro__[1]
    shown = {**message_json(chunk), "type": whole.model_fields["type"].default}
    for name in _OF_CHUNKS:
        shown.pop(name, None)
    return shown
