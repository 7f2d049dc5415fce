"""An embedded PostgreSQL: the binaries of a wheel, one cluster per data directory, loopback only, gone when its launcher is."""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded import wheel
from config.embedded.files import Record, leftover, make_private, read_record, record_of, secret, write_record
from config.embedded.process import Account, Launch, Pause, ServerFailed, end, free_port, is_free, private, stop, tail

ADMINISTRATOR = "postgres"
UNPRIVILEGED = ("nobody", "daemon", "bin")
START_SECONDS = 60.0
# Fast shutdown, then immediate shutdown (replays the log at the next start), then the kernel.
STOP_STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may have 107 characters only, which a deep data directory exceeds.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cluster lies, who runs it, and with which binaries."""

    home: Path
    account: Account | None
    binaries: Path

    @property
    def cluster(self) -> Path:
        return self.home / "data"


class EmbeddedPostgres:
    """One cluster in one data directory."""

    name = "PostgreSQL"

    def __init__(self, data_dir: Path, pause: Pause = time.sleep) -> None:
        self.data_dir = data_dir.resolve()
        self.log = self.data_dir / "logs" / "postgres.log"
        self._record_path = self.data_dir / "postgres.json"
        self._pause = pause
        self._place: Place | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    @property
    def home(self) -> Path:
        """Where the cluster lies: in the data directory, or apart when its user cannot reach that."""
        return _home(self.data_dir, None) if self._place is None else self._place.home

    def url(self, database: str) -> str:
        return f"postgresql://{ADMINISTRATOR}:{secret(self.data_dir, 'postgres')}@127.0.0.1:{self._port}/{database}"

    def start(self) -> str:
        """Make the cluster if there is none, start it, wait until it answers; the administrator's URL."""
        make_private(self.data_dir)
        record = read_record(self._record_path)
        self._end_leftover(record)
        self._place = _find_place(self.data_dir)
        if not self._place.cluster.exists():
            self._initialise(self._place)
        self._port = int(record.get("port", 0)) or free_port()
        self._run(self._place, keep_port=False)
        return self.url("postgres")

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def restart(self) -> None:
        """Start again where clients expect it, after the server has died."""
        if self._place is None:
            raise ServerFailed("PostgreSQL was never started")
        self._run(self._place, keep_port=True)

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, STOP_STEPS)

    def remove(self) -> None:
        """Delete the cluster of a stopped server, wherever it lies."""
        home = self.home
        _remove_tree(home)
        _remove_tree(self.data_dir / "postgres")

    def _end_leftover(self, record: Record) -> None:
        orphan = leftover(record, "PostgreSQL")
        if orphan is not None and not end(orphan, STOP_STEPS):
            raise ServerFailed(f"a PostgreSQL of an earlier start (process {orphan.pid}) does not end")

    def _initialise(self, place: Place) -> None:
        """Make the cluster under another name first: one that was cut off is not taken for a good one."""
        unfinished = place.home / "data.new"
        _remove_tree(unfinished)
        unfinished.mkdir(mode=0o700)
        password = place.home / "password"
        with open(password, "w", opener=private) as file:
            file.write(secret(self.data_dir, "postgres"))
        if place.account is not None:
            for path in (unfinished, password):
                os.chown(path, place.account.uid, place.account.gid)
        # The builtin locale is the same on every machine, whatever locales it has installed.
        flags = "--auth=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions"
        command = [str(place.binaries / "initdb"), "-D", str(unfinished), "-U", ADMINISTRATOR, f"--pwfile={password}", *flags.split()]
        made = Launch(command, place.home, self.log, _environment(), place.account).spawn()
        try:
            while made.poll() is None:
                self._pause(0.02)
        finally:
            stop(made, STOP_STEPS)
            password.unlink()
        if made.returncode:
            raise ServerFailed(f"PostgreSQL could not make its data directory; {self.log} ends with\n{tail(self.log)}")
        unfinished.rename(place.cluster)

    def _run(self, place: Place, *, keep_port: bool) -> None:
        """Start the server; again for a while when processes of a killed one still hold its memory, or its port was taken."""
        deadline = time.monotonic() + 10
        tries = 0
        while True:
            tries += 1
            if not keep_port and not is_free(self._port):
                self._port = free_port()
            was_locked = _disown_lock(place.cluster)
            self._spawn(place)
            if self._becomes_ready(place.cluster):
                return
            if time.monotonic() > deadline or (tries >= 3 and not was_locked):
                raise ServerFailed(f"PostgreSQL did not start; {self.log} ends with\n{tail(self.log)}")
            self._pause(0.2)

    def _spawn(self, place: Place) -> None:
        command = [str(place.binaries / "postgres"), "-D", str(place.cluster), "-p", str(self._port)]
        for setting, value in SETTINGS.items():
            command += ["-c", f"{setting}={value}"]
        launch = Launch(command, place.home, self.log, _environment(), place.account, death_signal=signal.SIGINT)
        self._process = launch.spawn()
        write_record(self._record_path, {"server": record_of(self.pid), "launcher": record_of(os.getpid()), "port": self._port})

    def _becomes_ready(self, cluster: Path) -> bool:
        """Wait for the server's own word in its lock file; False when it ended instead."""
        deadline = time.monotonic() + START_SECONDS
        while self.alive():
            lines = _lock_lines(cluster)
            if len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"PostgreSQL was not ready after {START_SECONDS:.0f} s; see {self.log}")
            self._pause(0.02)
        return False


def _lock_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _disown_lock(cluster: Path) -> bool:
    """Make the lock file of a killed server name us; True when there was one.

    PostgreSQL refuses to start when the pid in it lives, even if a stranger has that pid by now; its parent's pid counts
    as stale. The file itself stays: the shared memory it names keeps a new server away from backends of the old one.
    """
    lines = _lock_lines(cluster)
    if not lines:
        return False
    path = cluster / "postmaster.pid"
    with open(path, "r+", opener=_no_link) as file:  # as root in the directory of somebody else
        file.write("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        file.truncate()
    return True


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _environment() -> dict[str, str]:
    """Nothing of the caller's: PG* variables and locales would reach the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _find_place(data_dir: Path) -> Place:
    package = wheel.installed()
    account = _unprivileged() if os.geteuid() == 0 else None
    home = _home(data_dir, account)
    bin_dir = wheel.binaries(package, _major(home / "data"))
    if account is not None and not _can(account, [str(bin_dir / "initdb"), "--version"]):
        bin_dir = wheel.copy(package, bin_dir, home / "binaries")
    return Place(home, account, bin_dir)


def _major(cluster: Path) -> int | None:
    version = cluster / "PG_VERSION"
    return int(version.read_text()) if version.exists() else None


def _unprivileged() -> Account:
    """PostgreSQL refuses to run as root."""
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ServerFailed(f"PostgreSQL does not run as root, and there is no user {' or '.join(UNPRIVILEGED)} to run it as; set DATABASE_URL")


def _home(data_dir: Path, account: Account | None) -> Path:
    """The cluster's directory. Where its user cannot reach the data directory, it lies in one of ours apart; a file says where."""
    inside = data_dir / "postgres"
    apart = Path("/var/tmp") / f"holdfast-{os.geteuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    pointer = inside / "location"
    if pointer.exists() and pointer.read_text() == str(apart) and apart.exists():
        return _ours(apart)
    make_private(inside)
    if account is None or (inside / "data").exists() or _can(account, ["test", "-x", str(inside)]):
        return inside
    make_private(apart)
    pointer.write_text(str(apart))
    return _ours(apart)


def _ours(directory: Path) -> Path:
    """Anybody may make a directory with this name in /var/tmp: use only one that is ours alone."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ServerFailed(f"{directory} exists and is not ours; remove it, or choose another HOLDFAST_DATA_DIR")
    return directory


def _can(account: Account, command: list[str]) -> bool:
    """Whether this user can run a command, and it succeeds."""
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=_environment(),
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _remove_tree(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
