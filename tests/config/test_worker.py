"""A worker process that cannot work ends."""

import pytest

from config import worker


def test_a_worker_that_fails_to_start_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(connection: object) -> None:
        raise RuntimeError("a role that may do too much")

    monkeypatch.setattr(worker, "refuse_dangerous_role", refuse)
    with pytest.raises(SystemExit):
        worker.start()
