"""Why the engine stops a run before its graph has ended."""

from enum import StrEnum


class StopReason(StrEnum):
    """CANCELLED: a service has settled it. LOST: the lease is somebody else's. DRAINED: this process shuts down and hands the run back."""

    CANCELLED = "cancelled"
    LOST = "lost"
    DRAINED = "drained"
