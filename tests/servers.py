"""Real processes of the product for tests: web, workers and sweeps over one database and one Redis, which may be killed and frozen."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis
from django.db import connections

from config.embedded.process import Launch, free_port, tail
from config.embedded.redis import EmbeddedRedis, start_redis
from config.embedded.services import SWEEPS, WEB, WORKER
from tenants.database.threads import THREADS
from tests import stack
from tests.waiting import until

START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(slots=True)
class Service:
    """One process of the product."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    plain: bool = True
    meant_to_end: bool = False

    def alive(self) -> bool:
        """Whether it runs; a process that ended while it was waited for fails the test with its log."""
        return self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power cut would; beat's fork included."""
        self.meant_to_end = True
        if self.alive():
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it holds its connections and does nothing."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def terminate(self) -> None:
        """SIGTERM, as an orchestrator does."""
        self.meant_to_end = True
        self.process.terminate()

    def ends(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(seconds)

    def stop(self) -> None:
        """End it somehow."""
        if not self.alive():
            return
        self.thaw()
        self.terminate()
        try:
            self.ends()
        except subprocess.TimeoutExpired:
            self.kill()

    def told(self) -> str:
        """The end of its log."""
        return tail(self.log, 60)


@dataclass(slots=True)
class Stack:
    """A database, a Redis and the processes over them."""

    database: str
    redis_url: str
    environment: dict[str, str] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    own_redis: EmbeddedRedis | None = None
    base_url: str = ""
    started: int = 0

    @classmethod
    def beside_the_test(cls, name: str) -> "Stack":
        """Over a database of its own and the Redis that the settings of this test process name."""
        database = f"{stack.own_database()}_{name}"
        stack.clone_template(database)
        return cls(database, os.environ["REDIS_URL"])

    @classmethod
    def apart(cls, name: str, **environment: str) -> "Stack":
        """Over a database and Redis of its own; use `adopted` to reach its rows from the test."""
        database = f"{stack.own_database()}_{name}"
        stack.clone_template(database)
        server = start_redis(stack.directory() / f"redis-{database}")
        return cls(database, server.url, environment=environment, own_redis=server)

    @contextmanager
    def adopted(self) -> Iterator[None]:
        """Meanwhile the test's own queries go to this stack's database."""
        before = connections.settings["default"]["NAME"]
        point_to(self.database)
        try:
            yield
        finally:
            point_to(before)

    def start_web(self, *prefix: str, wait: bool = True, **environment: str) -> Service:
        """Start a web process and wait until its graphs are loaded; `prefix` stands instead of `-m uvicorn`."""
        port = free_port()
        arguments = WEB.split()
        if prefix:
            arguments[:2] = prefix
        service = self._start("web", [*arguments, "--port", str(port)], environment)
        self.base_url = f"http://127.0.0.1:{port}"
        if wait:
            self.wait_until_ready()
        return service

    def start_worker(self, wait: bool = True, **environment: str) -> Service:
        """Start a worker and wait until it listens for wake-ups."""
        service = self._start("worker", [*WORKER.split(), "-n", f"{self.database}-{self.started}@%h"], environment)
        if wait:
            self.wait_until_ready()
        return service

    def start_sweeps(self, **environment: str) -> Service:
        """Start sweeps with their beat and wait until they listen."""
        schedule = stack.directory() / f"beat-{self.database}"
        arguments = [*SWEEPS.split(), "--schedule", str(schedule), "-n", f"{self.database}-{self.started}@%h"]
        service = self._start("sweeps", arguments, environment)
        self.wait_until_ready()
        return service

    def wait_until_ready(self) -> None:
        """Wait until web answers and every worker and sweeps process listens. One that ended instead fails the test with its log."""
        consumers = sum(service.name != "web" and service.alive() for service in self.services)
        until("the processes are ready", lambda: self._ended() or (self._web_answers() and self.listeners() >= consumers), START_SECONDS)
        for service in self._ended():
            raise AssertionError(f"{service.name} ended with {service.process.returncode}:\n{service.told()}")

    def redis(self) -> "redis.Redis":
        """A client."""
        return redis.Redis.from_url(self.redis_url)

    def flush_redis(self) -> None:
        """Everything in Redis is gone: queue, flags, streams."""
        with self.redis() as client:
            client.flushall()

    def keep_workers(self, number: int) -> list[Service]:
        """Kill all workers but so many that were started like any other; those are returned, awake."""
        kept: list[Service] = []
        for service in [service for service in self.services if service.name == "worker"]:
            if service.alive() and service.plain and not service.meant_to_end and len(kept) < number:
                service.thaw()
                kept.append(service)
            else:
                service.kill()
                self.services.remove(service)
        return kept

    def stop(self) -> None:
        """End everything of this stack."""
        for service in reversed(self.services):
            service.stop()
        self.services.clear()
        if self.own_redis is not None:
            self.own_redis.stop()

    def _start(self, name: str, arguments: list[str], environment: dict[str, str]) -> Service:
        self.started += 1
        log = stack.directory() / "logs" / f"{self.database}-{self.started}-{name}.log"
        given = os.environ | stack.database_environment(self.database) | {"REDIS_URL": self.redis_url, "HOLDFAST_PROCESS": name}
        del given["DATABASE_URL"]  # the product's processes never see the administrator's
        launch = Launch([sys.executable, *arguments], stack.ROOT, log, given | self.environment | environment)
        service = Service(name, launch.spawn(), log, plain=not environment)
        self.services.append(service)
        return service

    def _ended(self) -> list[Service]:
        return [service for service in self.services if not (service.alive() or service.meant_to_end)]

    def _web_answers(self) -> bool:
        if not self.base_url:
            return True
        try:
            return httpx.get(f"{self.base_url}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def listeners(self) -> int:
        """Celery consumers that wait for a message."""
        with self.redis() as client:
            return sum(connected["cmd"] == "brpop" for connected in client.client_list())


def point_to(database: str) -> None:
    """From now on the test's own queries, those of kept threads included, go to this database of the cluster."""
    if connections.settings["default"]["NAME"] == database:
        return
    if kept := len(THREADS._threads):
        everywhere = threading.Barrier(kept)
        for each in [THREADS.submit(_close_connections, everywhere) for _ in range(kept)]:
            each.result(30)
    connections.close_all()
    for alias in connections:
        connections.settings[alias]["NAME"] = database
        connections[alias].settings_dict["NAME"] = database


def _close_connections(everywhere: threading.Barrier) -> None:
    """In each kept thread once: none goes on before all have come."""
    everywhere.wait(30)
    connections.close_all()
