"""The embedded Redis: which program serves it, who may connect, what it survives."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from config.embedded.process import start_time
from config.embedded.redis import EmbeddedRedis, Program, find_program, start_redis
from tests.config.places import wait_for

LAUNCHER = """
import sys
from pathlib import Path
from config.embedded.redis import start_redis
print(start_redis(Path(sys.argv[1])).pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = start_redis(tmp_path / "with a space")
    yield server
    server.stop()


def test_it_serves_scripts_and_streams(server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url) as client:
        assert client.eval("return 7", 0) == 7
        client.xadd("log", {"a": "1"}, id="5-1")
        assert client.xlen("log") == 1


def test_it_asks_for_a_password_that_no_command_line_shows(server: EmbeddedRedis) -> None:
    password = server.url.split(":")[2].split("@")[0]
    with redis.Redis.from_url(server.url.replace(password, "wrong")) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()


def test_it_keeps_nothing_on_disk(server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_it_comes_back_at_the_same_address(server: EmbeddedRedis) -> None:
    url = server.url
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.alive())
    server.restart()
    assert server.url == url
    with redis.Redis.from_url(url) as client:
        assert client.ping()


def test_it_dies_with_its_launcher(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.kill()
    wait_for(lambda: start_time(pid) is None)


def fake_program(directory: Path, name: str, version: str) -> Path:
    program = directory / name
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    program.chmod(0o755)
    return program


def test_a_server_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake_program(tmp_path, "redis-server", "7.4.1")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_program() == Program((str(found), "-"), "redis-server 7.4")


def test_valkey_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake_program(tmp_path, "valkey-server", "8.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    assert find_program().command == (str(found), "-")


def test_a_server_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake_program(tmp_path, "redis-server", "6.0.16")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_program().command[0] != str(found)


def test_the_last_resort_serves_and_says_that_it_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.embedded.redis._candidates", lambda: iter(()))
    program = find_program()
    assert "slow" in program.warning
    server = EmbeddedRedis(tmp_path, program)
    with redis.Redis.from_url(server.start()) as client:
        assert client.set("a", "1")
        assert client.eval("return redis.call('get', 'a')", 0) == b"1"
    server.stop()
