"""One heartbeat thread per process renews all its leases, on a connection of its own."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg

from runs.engine.database import CONNECTION, Claimed

logger = logging.getLogger("runs.engine")

HEARTBEAT = "select ordinal, outcome from heartbeat_1(%s::uuid[], %s::uuid[], %s::int[], %s)"
BUSY_SECONDS = 0.1
STUCK_LOOP_SECONDS = 120.0
SLOW_LOOP_SECONDS = 1.0


class Heartbeat(threading.Thread):
    """`held` lists the runs to renew, `lost` is told which are no longer ours, `tick` schedules a callback on the loop.

    When the loop has not answered for two minutes the heartbeat stops renewing: a process that cannot work must not keep its runs.
    """

    def __init__(
        self,
        url: str,
        lease_seconds: float,
        held: Callable[[], list[Claimed]],
        lost: Callable[[Claimed], None],
        tick: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.url, self.lease, self.every = url, timedelta(seconds=lease_seconds), min(5.0, lease_seconds / 3)
        self.held, self.lost, self.tick = held, lost, tick
        self.ended = threading.Event()
        self.ticked_at = time.monotonic()
        self.connection: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        """Until `stop()`."""
        while not self.ended.wait(self.every):
            asked = time.monotonic()
            self.tick(self._ticked)
            try:
                self._renew()
            except psycopg.Error as error:
                logger.warning("heartbeat failed", extra={"reason": type(error).__name__})
                self.connection = None
            lag = asked - self.ticked_at
            if lag > self.every + SLOW_LOOP_SECONDS:
                logger.warning("event loop is slow: a node blocks it", extra={"lag_seconds": round(lag, 1)})

    def stop(self) -> None:
        """End the thread."""
        self.ended.set()

    def _ticked(self) -> None:
        self.ticked_at = time.monotonic()

    def _renew(self) -> None:
        if time.monotonic() - self.ticked_at > STUCK_LOOP_SECONDS:
            logger.error("event loop is stuck: leases are no longer renewed")
            return
        waiting, until = self.held(), time.monotonic() + self.every
        while waiting and not self.ended.is_set() and time.monotonic() < until:  # the others' leases run on while one row is held
            outcomes = self._ask(waiting)
            for position, run in enumerate(waiting, 1):
                if position not in outcomes:
                    self.lost(run)
            waiting = [run for position, run in enumerate(waiting, 1) if outcomes.get(position) == "busy"]
            if waiting:
                self.ended.wait(BUSY_SECONDS)

    def _ask(self, runs: list[Claimed]) -> dict[int, str]:
        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect(self.url, **CONNECTION)
        arguments = ([run.tenant_id for run in runs], [run.run_id for run in runs], [run.attempt for run in runs], self.lease)
        return dict(self.connection.execute(HEARTBEAT, arguments).fetchall())
