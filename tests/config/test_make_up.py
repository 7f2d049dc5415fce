"""`make up` from a fresh clone: the block it prints is pasted, and nothing is left afterwards."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.embedded.environment import CHECKOUT, next_free_port
from config.embedded.files import read_record
from config.embedded.process import tail
from tests.config.places import processes_in, reachable_directory, wait_for

pytestmark = [pytest.mark.xdist_group("make_up"), pytest.mark.timeout(300)]
NOT_CLONED = shutil.ignore_patterns(".git", ".venv", ".uv", ".holdfast", ".env", ".*_cache", "__pycache__", "node_modules")
FOREIGN = ("HOLDFAST_", "LANGGRAPH_", "LANGSMITH_", "DJANGO_", "COVERAGE", "PYTEST", "DATABASE_URL", "REDIS_URL", "PORT", "MAKE", "MFLAGS")
INSTALL_AND_START_SECONDS = 240.0
NOBODY = pwd.getpwnam("nobody")


@dataclass
class MakeUp:
    """One `make up` in a terminal of its own."""

    checkout: Path
    environment: Mapping[str, str]
    user: int | None
    output: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "up"],
                cwd=self.checkout,
                env=dict(self.environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=self.user,
                group=None if self.user is None else NOBODY.pw_gid,
                extra_groups=None if self.user is None else [],
            )

    @property
    def shown(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self, seconds: float) -> float:
        """Seconds it took to print the block."""
        started = time.monotonic()
        wait_for(lambda: "\nStop " in self.shown or self.process.poll() is not None, seconds)
        assert "\nStop " in self.shown, f"{self.shown}\n{tail(self.output.with_name('.holdfast'))}"
        return time.monotonic() - started

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)

    def paste(self, snippet: str) -> str:
        """What a shell prints that was given the exports and then a snippet."""
        exports = "\n".join(re.findall(r"^export .*$", self.shown, re.MULTILINE))
        shell = ["sh", "-e", "-c", f"{exports}\n{snippet}"]
        return subprocess.run(shell, capture_output=True, text=True, timeout=60, check=True, env={"PATH": os.environ["PATH"]}).stdout

    def snippet(self, beginning: str, end: str) -> str:
        found = re.search(rf"^{beginning}.*?{end}$", self.shown, re.MULTILINE | re.DOTALL)
        assert found is not None
        return found[0]


def environment_of_a_newcomer(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    # As in the shell of somebody who has not activated this test's environment.
    path = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if not (Path(part) / "activate").exists())
    return kept | {
        "PATH": path,
        "HOME": str(home),
        "PORT": str(next_free_port(20_000 + os.getpid() % 10_000)),
    }  # none that the system gives to whoever asks


@contextmanager
def make_up(checkout: Path, *, user: int | None = None, seconds: float = 60.0, **more: str) -> Iterator[MakeUp]:
    environment = environment_of_a_newcomer(Path.home() if user is None else checkout.parent) | more
    run = MakeUp(checkout, environment, user, checkout.parent / "printed")
    run.start()
    try:
        run.wait_until_ready(seconds)
        yield run
    finally:
        if run.process.poll() is None:
            run.press_ctrl_c()


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    with reachable_directory("a clone") as place:
        shutil.copytree(CHECKOUT, place, ignore=NOT_CLONED, dirs_exist_ok=True)
        yield place


def assert_its_block_can_be_pasted(run: MakeUp) -> None:
    assert "hello" in run.paste(run.snippet("curl", "'"))
    told = run.paste(run.snippet("'?/.*python'? - <<", "END"))
    assert "metadata" in told
    assert "hello" in told


def test_fresh_clone_runs_with_one_command_and_its_block_can_be_pasted(clone: Path) -> None:
    with make_up(clone, seconds=INSTALL_AND_START_SECONDS) as run:
        assert_its_block_can_be_pasted(run)
        run.press_ctrl_c()
        assert run.shown.rstrip().endswith("stopped")
        wait_for(lambda: not processes_in(clone))


@pytest.mark.skipif(os.geteuid() != 0, reason="root tries both; anybody else has just tried it")
def test_a_normal_user_needs_no_more_than_that() -> None:
    with reachable_directory("a clone of nobody") as place:
        shutil.copytree(CHECKOUT, place, ignore=NOT_CLONED, dirs_exist_ok=True)
        subprocess.run(["chown", "-R", f"{NOBODY.pw_uid}:{NOBODY.pw_gid}", place.parent], check=True)
        with make_up(place, user=NOBODY.pw_uid, seconds=INSTALL_AND_START_SECONDS, PATH="/usr/local/bin:/usr/bin:/bin") as run:
            assert_its_block_can_be_pasted(run)
            run.press_ctrl_c()
            wait_for(lambda: not processes_in(place))


def test_a_second_make_up_prints_the_block_of_the_first_and_commands_reach_it(clone: Path) -> None:
    with make_up(clone) as run:
        manage = ["make", "--silent", "manage", "ARGS=tenant create Globex --json"]
        made = subprocess.run(manage, cwd=clone, env=run.environment, capture_output=True, text=True, timeout=60, check=True)
        assert json.loads(made.stdout)["slug"] == "globex"
        known = read_record(clone / ".holdfast" / "secrets.json")["api_key"]  # made by the start before
        assert f"export LANGGRAPH_API_KEY={known}" in run.shown
        second = subprocess.run(["make", "up"], cwd=clone, env=run.environment, capture_output=True, text=True, timeout=60, check=True)
        exports = re.findall(r"^export .*$", run.shown, re.MULTILINE)
        assert re.findall(r"^export .*$", second.stdout, re.MULTILINE) == exports
        assert run.process.poll() is None


def test_a_taken_port_is_passed_over_and_named(clone: Path) -> None:
    with make_up(clone) as run, reachable_directory("another") as data:
        taken = run.environment["PORT"]
        with make_up(clone, PORT=taken, HOLDFAST_DATA_DIR=str(data)) as second:
            assert f"port {taken} is taken" in second.shown
            assert f"export LANGGRAPH_API_URL=http://127.0.0.1:{taken}\n" not in second.shown
            assert (data / "postgres").is_dir()


def test_a_killed_launcher_takes_everything_with_it(clone: Path) -> None:
    with make_up(clone) as run:
        launcher, _ = read_record(clone / ".holdfast" / "up.json")["launcher"]
        os.kill(launcher, signal.SIGKILL)
        run.process.wait(10)
        wait_for(lambda: not processes_in(clone))


def test_a_langgraph_json_that_is_not_there_is_named(clone: Path) -> None:
    environment = environment_of_a_newcomer(Path.home()) | {"HOLDFAST_CONFIG": "no/such.json"}
    refused = subprocess.run(["make", "up"], cwd=clone, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert refused.returncode != 0
    assert "there is no file" in refused.stdout
