"""What threads take, on the wire: the body that prunes them, and the sizes of one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from runs.wire.schema import check
from tenants.validation import path_id

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """A checked body of `POST /threads/prune`; each id once."""

    thread_ids: tuple[UUID, ...]
    strategy: str

    @classmethod
    def parse(cls, body: object) -> "PruneRequest":
        """Invalid where the schema is violated or an id is no UUID."""
        given = check("prune", body)
        return cls(tuple(dict.fromkeys(path_id(text) for text in given["thread_ids"])), given.get("strategy", "delete"))


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one kind, and the bytes they take as they are stored."""

    count: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Sizes:
    """What a thread's history takes; values by channel."""

    checkpoints: Kind = Kind()
    pending_writes: Kind = Kind()
    channels: dict[str, Kind] = field(default_factory=dict)


def storage_json(thread_id: UUID, sizes: Sizes) -> Json:
    """The sizes of a thread's history."""
    channels = sizes.channels.values()
    values = {"count": sum(kind.count for kind in channels), "bytes": sum(kind.bytes for kind in channels)}
    total = sizes.checkpoints.bytes + values["bytes"] + sizes.pending_writes.bytes
    return {
        "thread_id": str(thread_id),
        "total_bytes": total,
        "checkpoints": _kind(sizes.checkpoints),
        "channel_values": values | {"by_channel": {name: _kind(kind) for name, kind in sorted(sizes.channels.items())}},
        "pending_writes": _kind(sizes.pending_writes),
    }


def _kind(kind: Kind) -> Json:
    return {"count": kind.count, "bytes": kind.bytes}
