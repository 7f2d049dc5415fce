"""Following a tenant's inbox: a reader that is only told that something has changed; what, the rows say."""

from dataclasses import dataclass
from uuid import UUID

from runs.streams import keys
from runs.streams.hub import Reader
from runs.streams.rows import Answer


@dataclass(frozen=True, slots=True)
class InboxRef:
    """Whose inbox, and the key it was opened with. The poll of the hub asks for a thread, and there is none of this id: it tells access."""

    tenant_id: UUID
    key_id: UUID | None

    @property
    def thread_id(self) -> UUID:
        """None that exists."""
        return UUID(int=0)

    @property
    def run_id(self) -> UUID | None:
        """None."""
        return None


class InboxReader(Reader):
    """Wakes when something was published, and with every poll of the hub: that makes up for messages that were lost."""

    __slots__ = ()

    def __init__(self, ref: InboxRef) -> None:
        super().__init__(ref)
        self._channel = keys.inbox(ref.tenant_id)

    def told(self, answer: Answer) -> None:
        """The poll has answered."""
        self.denied = self.denied or not answer.access
        self.wake()
