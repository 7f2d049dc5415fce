"""What a process says about itself when its parts are away."""

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisAway

from runs.services import system


def away(error: Exception) -> object:
    """A part that cannot be reached."""

    def refuse() -> object:
        raise error

    return refuse


def test_without_redis_the_process_can_still_take_work(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "sync_redis", away(RedisAway()))
    found = system.readiness()
    assert (found["ready"], found["redis"], found["database"]) == (True, "down", "ok")


def test_without_database_it_cannot(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "database_answers", away(OperationalError()))
    found = system.readiness()
    assert (found["ready"], found["database"], found["vector"]) == (False, "down", False)
