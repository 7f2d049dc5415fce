"""The embedded PostgreSQL: who may connect, where it lies, what it survives."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import wheel
from config.embedded.files import read_record, record_of, write_record
from config.embedded.postgres import EmbeddedPostgres, _disown_lock
from config.embedded.process import ServerFailed, free_port, start_time
from tests.config.places import ask, reachable_directory, wait_for

pytestmark = pytest.mark.xdist_group("embedded_postgres")
OTHER_LAUNCHER = """
import sys
from pathlib import Path
from config.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with reachable_directory() as directory:
        yield directory


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(place)
    server.start()
    yield server
    server.stop()


def test_it_is_new_enough_and_durable_and_has_vectors(server: EmbeddedPostgres) -> None:
    assert int(str(ask(server.url("postgres"), "show server_version_num"))) >= 170000
    assert ask(server.url("postgres"), "show fsync") == "on"
    assert ask(server.url("postgres"), "select count(*) from pg_available_extensions where name = 'vector'") == 1


def test_it_listens_on_loopback_without_a_socket(server: EmbeddedPostgres) -> None:
    assert ask(server.url("postgres"), "show listen_addresses") == "127.0.0.1"
    assert ask(server.url("postgres"), "show unix_socket_directories") == ""


def test_a_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(server.url("postgres").replace("@", "x@"), "select 1")


def test_its_password_is_on_no_command_line_and_in_no_readable_file(server: EmbeddedPostgres, place: Path) -> None:
    password = server.url("postgres").split(":")[2].split("@")[0]
    assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
    assert not (server.home / "password").exists()
    assert (place / "secrets.json").stat().st_mode & 0o077 == 0


def test_what_was_committed_survives_a_kill_of_the_server(server: EmbeddedPostgres) -> None:
    url = server.url("postgres")
    ask(url, "create table kept as select 42 as answer")
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.alive())
    server.restart()
    assert ask(url, "select answer from kept") == 42


def test_it_dies_with_its_launcher_and_starts_again(place: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", OTHER_LAUNCHER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.kill()
    wait_for(lambda: start_time(pid) is None)
    server = EmbeddedPostgres(place)
    assert ask(server.start(), "select 1") == 1
    server.stop()


def test_a_server_whose_launcher_lives_is_left_alone(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OTHER_LAUNCHER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        with pytest.raises(ServerFailed, match=f"started by process {launcher.pid}"):
            EmbeddedPostgres(place).start()
        assert start_time(pid) is not None
    wait_for(lambda: start_time(pid) is None)


def test_a_stranger_on_the_pid_of_a_lost_server_is_not_touched(server: EmbeddedPostgres, place: Path) -> None:
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.alive())
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock = server.home / "data" / "postmaster.pid"
        lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        write_record(place / "postgres.json", {**read_record(place / "postgres.json"), "server": [stranger.pid, "another time"]})
        again = EmbeddedPostgres(place)
        assert ask(again.start(), "select 1") == 1
        assert stranger.poll() is None
        again.stop()
        stranger.kill()


def test_it_moves_to_another_port_when_its_own_is_taken(place: Path) -> None:
    port = free_port()
    write_record(place / "postgres.json", {"port": port})
    blocker = subprocess.Popen(
        [sys.executable, "-c", f"import socket; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with blocker:
        assert blocker.stdout is not None
        blocker.stdout.readline()
        server = EmbeddedPostgres(place)
        assert f":{port}/" not in server.start()
        server.stop()


def test_two_data_directories_run_at_once(server: EmbeddedPostgres) -> None:
    with reachable_directory() as other:
        second = EmbeddedPostgres(other)
        second.start()
        assert ask(second.url("postgres"), "select 1") == ask(server.url("postgres"), "select 1")
        assert second.url("postgres") != server.url("postgres")
        second.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_root_gives_the_server_to_somebody_else(server: EmbeddedPostgres) -> None:
    assert Path(f"/proc/{server.pid}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_a_data_directory_that_its_user_cannot_reach_keeps_its_modes(place: Path) -> None:
    with reachable_directory("closed") as closed:
        closed.chmod(0o700)
        server = EmbeddedPostgres(closed / "data")
        assert ask(server.start(), "select 1") == 1
        server.stop()
        assert closed.stat().st_mode & 0o777 == 0o700
        apart = server.home
        assert (closed / "data" / "postgres" / "location").read_text() == str(apart)
        server.remove()
        assert not apart.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_binaries_are_copied_for_a_user_who_cannot_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with reachable_directory("closed") as closed, reachable_directory() as place:
        package = wheel.installed()
        for part in (package, package.with_name(f"{package.name}.libs")):
            (closed / part.name).symlink_to(part)
        closed.chmod(0o700)
        monkeypatch.setattr(wheel, "installed", lambda: closed / package.name)
        server = EmbeddedPostgres(place)
        assert ask(server.start(), "select 1") == 1
        server.stop()
        assert list((place / "postgres" / "binaries").iterdir())


def test_an_interrupted_first_start_is_not_taken_for_a_cluster() -> None:
    with reachable_directory() as place:
        (place / "postgres" / "data.new" / "half").mkdir(parents=True)
        server = EmbeddedPostgres(place)
        assert ask(server.start(), "select 1") == 1
        server.stop()


def test_an_older_cluster_is_refused_with_its_version() -> None:
    with pytest.raises(ServerFailed, match=r"too old|brings no PostgreSQL 16"):
        wheel.binaries(wheel.installed(), 16)


def test_a_live_process_is_recorded_with_its_start() -> None:
    assert record_of(os.getpid()) == [os.getpid(), start_time(os.getpid())]


def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("1\n2\n")
    (tmp_path / "postmaster.pid").symlink_to(precious)
    with pytest.raises(OSError, match="symbolic links"):
        _disown_lock(tmp_path)
    assert precious.read_text() == "1\n2\n"
