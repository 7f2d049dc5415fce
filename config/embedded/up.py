"""`make up`: everything on one machine with one command, ended with Ctrl-C."""

import fcntl
import http.client
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, cast

from config.embedded.block import Running, block
from config.embedded.environment import MANAGE, Options, code_fingerprint, manage_path, next_free_port, role_urls, shared_environment
from config.embedded.files import make_private, read_record, record_of, recorded, remember_secret, write_record
from config.embedded.postgres import EmbeddedPostgres
from config.embedded.process import ServerFailed, private
from config.embedded.redis import EmbeddedRedis, find_program
from config.embedded.services import product, run_setup
from config.embedded.supervisor import Child, Part, Signals, StopRequested, Supervisor, stop_children

READY_SECONDS = 120.0


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", flush=True)


class Launcher:
    """One run of `make up`."""

    def __init__(self, options: Options, signals: Signals, progress: Progress) -> None:
        self.options = options
        self.signals = signals
        self.say = progress.say
        self.logs = options.data_dir / "logs"
        self.children: list[Child] = []
        self.redis: EmbeddedRedis | None = None
        self.postgres: EmbeddedPostgres | None = None

    def run(self) -> None:
        """Start everything, print the block, keep it alive until the stop is requested."""
        redis_url = self._start_redis()
        database_url = self._start_postgres()
        port = next_free_port(self.options.port)
        if port != self.options.port:
            self.say(f"port {self.options.port} is taken, using {port}")
        databases = {**role_urls(database_url, self.options.data_dir), **_given_databases()}
        shared = shared_environment(self.options, redis_url, port)
        self.children = product(shared, databases, self.options.data_dir, self.logs)
        environment = {**shared, **databases, "DATABASE_URL": database_url}
        write_record(manage_path(self.options), {name: environment[name] for name in MANAGE if name in environment})
        prepared = self._is_prepared()
        if not prepared:
            self._prepare(environment)
        # The sweeps wait: nothing needs them before the first minute, and two cores are busy enough.
        self._start_children("web", "worker")
        self._wait_for("/ok", port)
        self.say("web answers; loading graphs")
        self._wait_for("/ready", port)
        self.say("ready")
        if prepared and not _is_key(self._seed()["api_key"], port):
            self._prepare(environment)
        self._start_children("sweeps")
        seed = self._seed()
        running = self._running(f"http://127.0.0.1:{port}", seed)
        write_record(_state_path(self.options), {"launcher": record_of(os.getpid()), "running": running})
        print(block(running), flush=True)
        servers: list[Part] = [server for server in (self.postgres, self.redis) if server is not None]
        Supervisor([*servers, *self.children], self.say).watch(self.signals.pause)

    def stop(self) -> None:
        """End everything, the servers last."""
        if self.children:
            self.say("stopping")
        stop_children(self.children, self.signals)
        for server in (self.redis, self.postgres):
            if server is not None:
                server.stop()
        _state_path(self.options).unlink(missing_ok=True)
        manage_path(self.options).unlink(missing_ok=True)
        self.say("stopped")

    def _start_redis(self) -> str:
        if self.options.redis_url:
            self.say("Redis: yours (REDIS_URL)")
            return self.options.redis_url
        program = find_program()
        self.redis = EmbeddedRedis(self.options.data_dir, program, self.signals.pause)
        url = self.redis.start()
        self.say(f"Redis is ready ({program.description})")
        if program.warning:
            self.say(program.warning)
        return url

    def _start_postgres(self) -> str:
        if self.options.database_url:
            self.say("PostgreSQL: yours (DATABASE_URL)")
            return self.options.database_url
        self.postgres = EmbeddedPostgres(self.options.data_dir, self.signals.pause)
        url = self.postgres.start()
        self.say("PostgreSQL is ready")
        home = self.postgres.home
        if not home.is_relative_to(self.options.data_dir.resolve()):
            self.say(f"its data lies in {home}: it does not run as root, and another user cannot reach {self.options.data_dir}")
        return url

    def _seed(self) -> dict[str, str]:
        """Tenant and key as `manage.py setup` answered last."""
        known = read_record(self.options.data_dir / "secrets.json")
        return {name: str(known.get(name, "")) for name in ("tenant", "api_key")}

    def _prepare(self, environment: dict[str, str]) -> None:
        """Roles, migrations, tenant and key; a key that is still good stays."""
        known = self._seed()["api_key"]
        answer = run_setup({**environment, "HOLDFAST_SEED_KEY": known}, self.logs, self.signals.pause)
        for name in ("tenant", "api_key"):
            remember_secret(self.options.data_dir, name, str(answer[name]))
        if self.postgres is not None:
            write_record(_prepared_path(self.postgres), {"code": code_fingerprint(self.options.config)})
        self.say("database is prepared")

    def _is_prepared(self) -> bool:
        """Whether this very code has prepared the embedded cluster before; of one that is not ours nothing is known."""
        if self.postgres is None:
            return False
        return read_record(_prepared_path(self.postgres)).get("code") == code_fingerprint(self.options.config)

    def _start_children(self, *names: str) -> None:
        for child in self.children:
            if child.name in names:
                child.start()

    def _wait_for(self, path: str, port: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(path, port):
            for child in self.children:
                child.must_live()
            if time.monotonic() > deadline:
                raise ServerFailed(f"{path} did not answer 200 within {READY_SECONDS:.0f} s; see {self.logs}")
            self.signals.pause(0.05)

    def _running(self, url: str, seed: dict[str, str]) -> Running:
        home = None if self.postgres is None else self.postgres.home
        return Running(
            url=url,
            api_key=seed["api_key"],
            tenant=seed["tenant"],
            data=str(self.options.data_dir),
            logs=str(self.logs),
            database="yours (DATABASE_URL)" if home is None else f"embedded, in {home}",
            redis="yours (REDIS_URL)" if self.redis is None else f"embedded, {self.redis.program.description}",
        )


def _given_databases() -> dict[str, str]:
    return {name: url for name, url in os.environ.items() if name.startswith("HOLDFAST_DB_") and url}


def _answers(path: str, port: int) -> bool:
    return _status("GET", path, port) == 200


def _is_key(key: str, port: int) -> bool:
    """Whether the running server takes a key; it may have been revoked."""
    return _status("POST", "/assistants/search", port, "{}", {"X-Api-Key": key, "Content-Type": "application/json"}) == 200


def _status(method: str, path: str, port: int, body: str | None = None, headers: Mapping[str, str] = MappingProxyType({})) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _prepared_path(postgres: EmbeddedPostgres) -> Path:
    """Beside the cluster, with which it goes."""
    return postgres.home / "prepared.json"


def _state_path(options: Options) -> Path:
    return options.data_dir / "up.json"


def _take_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_lock_or_show(file: IO[str], options: Options, signals: Signals, progress: Progress) -> bool:
    """True when the data directory is ours; False when another launcher has it and its block is printed."""
    waiting = False
    while not _take_lock(file):
        state = read_record(_state_path(options))
        launcher = recorded(state, "launcher")
        if launcher is not None:
            print("Already running in this checkout.\n" + block(cast(Running, state["running"]), launcher.pid), flush=True)
            return False
        if not waiting:
            progress.say("another `make up` is starting or stopping here; waiting for it")
            waiting = True
        signals.pause(0.2)
    return True


def _launch(options: Options, signals: Signals, progress: Progress) -> int:
    launcher = Launcher(options, signals, progress)
    try:
        launcher.run()
    except ServerFailed as failure:
        progress.say(str(failure))
        return 1
    finally:
        launcher.stop()
    return 0


def main() -> int:
    """The exit status: 0 when it was asked to stop or runs already, 1 when something does not start."""
    progress = Progress()
    signals = Signals()
    signals.listen()
    try:
        options = Options.read(os.environ)
        make_private(options.data_dir)
        with open(options.data_dir / "lock", "a", opener=private) as lock:
            if not _take_lock_or_show(lock, options, signals, progress):
                return 0
            return _launch(options, signals, progress)
    except StopRequested:
        return 0
    except ServerFailed as failure:
        progress.say(str(failure))
        return 1


if __name__ == "__main__":
    sys.exit(main())
