"""What worker processes say of themselves in Redis, every few seconds, and what others read there."""

from dataclasses import dataclass

from redis import RedisError

from runs.streams import keys
from runs.streams.connection import Command, sync_redis

SILENT_SECONDS = 15  # after so long without a word a worker counts as gone


@dataclass(frozen=True, slots=True)
class Load:
    """One worker process: how many runs it executes at a time, how many it does, by how many seconds its event loop was late."""

    slots: int
    running: int
    lag: float


def told(owner: str, time: int, load: Load) -> list[Command]:
    """What a worker sends at this second of Redis's clock."""
    return [
        ("SET", keys.worker(owner), f"{load.slots} {load.running} {load.lag:.6f}", "EX", SILENT_SECONDS),
        ("ZADD", keys.workers(), time, owner),
        ("ZREMRANGEBYSCORE", keys.workers(), "-inf", time - SILENT_SECONDS),
    ]


def loads() -> list[Load] | None:
    """Those of all live workers; None while Redis is away."""
    redis = sync_redis()
    try:
        owners: list[bytes] = redis.zrange(keys.workers(), 0, -1)  # type: ignore[assignment]  # redis-py types both of its clients in one
        found: list[bytes | None] = redis.mget([keys.worker(owner.decode()) for owner in owners]) if owners else []  # type: ignore[assignment]
    except RedisError:
        return None
    return [_load(text.decode()) for text in found if text is not None]


def _load(text: str) -> Load:
    slots, running, lag = text.split()
    return Load(int(slots), int(running), float(lag))
