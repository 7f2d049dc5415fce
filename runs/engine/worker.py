"""The engine of a worker process: one event loop that claims what is due, up to its free slots, and runs it."""

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeVar
from uuid import UUID

import uvloop
from django.conf import settings
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from assistants.registry.loader import Registry, registry
from runs.checkpoints.saver import FencedSaver, Rows, RunContext, StaleWriter
from runs.checkpoints.store.graph_store import Shelves
from runs.engine.batcher import Batcher
from runs.engine.cancellation import StopReason
from runs.engine.database import Busy, Claimed, EngineDatabase, Settlement, open_pool
from runs.engine.execute import Parts, execute, ids
from runs.engine.leases import Heartbeat
from runs.engine.stream import EventStream
from runs.lifecycle import queue
from runs.streams import keys, workers
from runs.streams.connection import RedisDown, async_redis
from runs.streams.control import ControlListener, Message, listened, report_stopped
from runs.streams.publish import Publisher

logger = logging.getLogger("runs.engine")
T = TypeVar("T")

CLAIM_LIMIT = 16
HAND_ON_SECONDS = 0.1
FAILED_CLAIM_SECONDS = 1.0
PASSED_OVER_SECONDS = 0.02
STOP_SECONDS = 5.0
SUSPECT_CRASHES = 2
FORGOTTEN_SECONDS = 3600  # a graph that no worker has served for so long


@dataclass(slots=True)
class Running:
    """A run of this process. `reason` says why its task was cancelled, if it was; `settling`: it is past that, its statement decides.

    `told`: a service has ended it and may wait for this process to say that nothing runs any more.
    """

    run: Claimed
    stream: EventStream
    control: RunControl
    task: asyncio.Task[None] | None = None
    reason: StopReason | None = None
    settling: bool = False
    more: bool = False
    told: bool = False


class Engine:
    """Lives on its own thread's loop; `look` and `drain` may be called from any thread."""

    def __init__(self, graphs: Registry) -> None:
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.registry = graphs
        self.served = sorted({graph.fingerprint for graph in graphs if graph.error is None})
        self.running: dict[UUID, Running] = {}
        self.slots = settings.RUN_SLOTS
        self.closing = False
        self.again = False
        self.starved = False
        self.draining: asyncio.Task[None] | None = None
        self.background: set[asyncio.Task[None]] = set()
        self.started = threading.Event()
        self.messenger = ThreadPoolExecutor(1, thread_name_prefix="wake")
        self.retry: asyncio.TimerHandle | None = None
        self.loop = uvloop.new_event_loop()
        # Synchronous nodes: asyncio's own pool has a handful of threads, however many slots there are.
        self.loop.set_default_executor(ThreadPoolExecutor(self.slots, thread_name_prefix="node"))
        self.thread = threading.Thread(target=self._live, name="engine", daemon=True)

    def start(self) -> None:
        """Return when the loop runs and has looked for work once. Raises RuntimeError if it does not come to that."""
        self.thread.start()
        while not self.started.wait(0.5):
            if not self.thread.is_alive():
                raise RuntimeError("the engine could not start")

    def look(self) -> None:
        """Look for due runs soon."""
        self.loop.call_soon_threadsafe(self._look)

    def refuse(self) -> None:
        """Claim nothing more."""
        self.closing = True

    def drain(self, seconds: float) -> None:
        """Hand every run back at its next superstep, the rest after `seconds`; then end the loop. Blocks."""
        self.closing = True
        asyncio.run_coroutine_threadsafe(self._drained(seconds), self.loop).result()
        self.heartbeat.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._open())
        self.heartbeat = Heartbeat(
            settings.WORKER_DATABASE_URL,
            settings.LEASE_SECONDS,
            held=lambda: [running.run for running in list(self.running.values()) if running.reason is None],
            lost=lambda run: self._on_loop(lambda: self._stop(run, StopReason.LOST)),
            tick=self._on_loop,
        )
        self.heartbeat.start()
        self.look()
        self.loop.call_soon(self.started.set)
        while True:
            try:
                self.loop.run_forever()
                return
            except (SystemExit, KeyboardInterrupt):  # asyncio lets them through: one graph must not end everybody's runs
                logger.warning("a graph tried to end the process")

    def _on_loop(self, callback: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(callback)

    async def _open(self) -> None:
        self.pool = open_pool(settings.WORKER_DATABASE_URL, settings.WORKER_CONNECTIONS)
        await self.pool.open(wait=True)
        self.database = EngineDatabase(self.pool, self.owner, settings.LEASE_SECONDS)
        self.writes: Batcher[tuple[RunContext, Rows], None] = Batcher(self.database.write)
        self.settles: Batcher[Settlement, tuple[str, bool]] = Batcher(self.database.settle)
        self.publisher = Publisher()
        self.publisher.start()
        self.listener = ControlListener(self.owner, self._told)
        await self.listener.start()
        shelves = Shelves(self.pool, self.registry.store, self._on_stale)
        self.parts = Parts(self.registry, FencedSaver(self.pool, self), shelves, self.publisher, self.write, self.settle)
        self._spawn(self._report())

    async def write(self, run: RunContext, rows: Rows) -> None:
        """Write through the joined, fenced statement. A run that is no longer ours is stopped here: LangGraph would go on."""
        try:
            await self._write((run, rows))
        except StaleWriter:
            self._on_stale(run)
            raise

    def _on_stale(self, run: RunContext) -> None:
        if (running := self.running.get(run.run_id)) and running.run.attempt == run.attempt:
            self.loop.call_soon(self._stop, running.run, StopReason.LOST)

    async def _write(self, item: tuple[RunContext, Rows]) -> None:
        try:
            await self.writes.submit(item)
        except Busy:
            outcome_of((await self.database.write([item], wait=True))[0])

    async def settle(self, item: Settlement) -> tuple[str, bool]:
        """End a run. From here on nothing cancels its task: a heartbeat that finds the row ended must not hide from readers that it has."""
        if (running := self.running.get(item.run_id)) and running.run.attempt == item.attempt:
            running.settling = True
        try:
            return await self.settles.submit(item)
        except Busy:
            return outcome_of((await self.database.settle([item], wait=True))[0])

    def _look(self) -> None:
        self.again = True
        if self.draining is None or self.draining.done():
            self.draining = self.loop.create_task(self._claim_all())

    async def _claim_all(self) -> None:
        """One at a time per process: several were seen to reserve all slots on old snapshots."""
        while self.again and not self.closing:
            self.again = False
            patient = await self._lower_flag()  # before the claim: what is accepted after it raises a flag of its own
            while not self.closing:
                free = min(self.slots - len(self.running), CLAIM_LIMIT)
                if free <= 0:
                    self.starved = True
                    self.loop.call_later(HAND_ON_SECONDS, self._hand_on)
                    return
                claimed = await self._claim(free, patient=patient)
                if claimed:
                    await self._begin(claimed)
                if len(claimed) < free:
                    break
                self._hand_on()

    async def _lower_flag(self) -> bool:
        """Whether the wake-up came from the sweep, which found a run overdue."""
        try:
            (value,) = await async_redis().execute(("GETDEL", keys.flag(queue.RUNS)))
        except RedisDown:
            return True
        return bool(value == queue.PATIENT)

    async def _claim(self, free: int, *, patient: bool) -> list[Claimed]:
        suspects = not any(running.run.crashes == SUSPECT_CRASHES for running in self.running.values())
        try:
            claimed, passed_over = await self.database.claim(free, self.served, suspects=suspects, patient=patient)
        except Exception:
            logger.exception("claim failed")
            self._look_in(FAILED_CLAIM_SECONDS)
            return []
        if passed_over:
            self._look_in(PASSED_OVER_SECONDS)
        return claimed

    def _look_in(self, seconds: float) -> None:
        """One timer: each wake-up meanwhile would start a chain of its own."""
        if self.retry is not None:
            self.retry.cancel()
        self.retry = self.loop.call_later(seconds, self._look)

    async def _begin(self, claimed: list[Claimed]) -> None:
        quiet = [run for run in claimed if not (run.streamed or run.resumable)]
        followed = await listened(quiet)
        for run in claimed:
            if before := self.running.get(run.run_id):  # frozen past its lease, this process takes its own run again
                self._stop(before.run, StopReason.LOST)
            running = Running(run, EventStream(run, self.publisher, None, listened=run.run_id in followed), RunControl())
            self.running[run.run_id] = running
            running.task = self.loop.create_task(self._run(running))
            running.task.add_done_callback(partial(self._ended, running))

    async def _run(self, running: Running) -> None:
        run = running.run
        try:
            running.more = await execute(run, self.parts, running.stream, running.control)
        except GraphDrained:
            running.reason = StopReason.DRAINED
        except StaleWriter:
            logger.info("run is no longer ours", extra=ids(run))
        except asyncio.CancelledError:
            logger.info("run stopped", extra={**ids(run), "reason": running.reason})
        except Exception:
            logger.exception("run could not be executed", extra=ids(run))
        if running.reason is StopReason.DRAINED:
            await self._hand_back(running)

    def _ended(self, running: Running, task: "asyncio.Task[None]") -> None:
        """However it ended, also before its first step."""
        if self.running.get(running.run.run_id) is running:
            self.publisher.forget(running.run.run_id)
            del self.running[running.run.run_id]
        if not task.cancelled() and (error := task.exception()):
            logger.error("run broke off", extra=ids(running.run), exc_info=error)
        if running.told:
            self._spawn(report_stopped(running.run.run_id))
        if running.more or self.starved:
            self.starved = False
            self._look()

    async def _hand_back(self, running: Running) -> None:
        """Its events first: the fence takes none afterwards."""
        try:
            try:
                if running.stream.log is not None:
                    await running.stream.log.flush()
            finally:
                await self.database.hand_back([running.run])
        except Exception:
            logger.exception("run could not be handed back", extra=ids(running.run))
        self._hand_on()

    def _hand_on(self) -> None:
        """Let another worker look."""
        self.messenger.submit(queue.wake)

    def _told(self, message: Message) -> None:
        run_id = UUID(message.get("stop") or message.get("listen"))
        running = self.running.get(run_id)
        if "stop" in message:
            if running is None:  # it has ended by itself
                self._spawn(report_stopped(run_id))
                return
            running.told = True
            self._stop(running.run, StopReason.CANCELLED)
        elif running is not None:
            running.stream.listened = True

    def _stop(self, run: Claimed, reason: StopReason) -> None:
        running = self.running.get(run.run_id)
        if running is None or running.run.attempt != run.attempt or running.reason is not None or running.settling:
            return
        running.reason = reason
        if running.task is not None:
            running.task.cancel()

    async def _report(self) -> None:
        """Say which graphs this process serves and how busy it is, and hear who follows its runs."""
        pause, lag = min(5.0, settings.LEASE_SECONDS / 3), 0.0
        while True:
            try:
                (time,) = await async_redis().execute(("TIME",))
                if self.served:
                    await async_redis().execute(
                        ("ZADD", keys.served(), *[part for name in self.served for part in (time[0], name)]),
                        ("ZREMRANGEBYSCORE", keys.served(), "-inf", int(time[0]) - FORGOTTEN_SECONDS),
                    )
                await async_redis().execute(*workers.told(self.owner, int(time[0]), workers.Load(self.slots, len(self.running), lag)))
                quiet = {run_id: running for run_id, running in self.running.items() if not running.stream.listened}
                for run_id in await listened([running.run for running in quiet.values()]):
                    quiet[run_id].stream.listened = True
            except (RedisDown, TypeError):
                logger.debug("Redis did not take the report")
            self.listener.probe()
            due = self.loop.time() + pause
            await asyncio.sleep(pause)
            lag = self.loop.time() - due

    async def _drained(self, seconds: float) -> None:
        if self.draining is not None:  # what a claim under way brings must be handed back, too
            await asyncio.wait([self.draining], timeout=STOP_SECONDS)
        for running in self.running.values():
            running.control.request_drain()
        tasks = [running.task for running in self.running.values() if running.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for running in list(self.running.values()):
            self._stop(running.run, StopReason.DRAINED)
        if left := [running.task for running in self.running.values() if running.task is not None]:
            await asyncio.wait(left, timeout=STOP_SECONDS)
        for task in self.background:
            task.cancel()
        await self.listener.stop()
        await self.publisher.close()
        await self.pool.close()

    def _spawn(self, coroutine: "asyncio._CoroutineLike[None]") -> None:
        task = self.loop.create_task(coroutine)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


def outcome_of(found: T | Exception) -> T:
    """The outcome of a call that went alone."""
    if isinstance(found, Exception):
        raise found
    return found


@cache
def engine() -> Engine:
    """This process's engine, started at its first use."""
    made = Engine(registry())
    made.start()
    return made
