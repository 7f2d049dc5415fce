"""`make bench`: the own server against bare LangGraph, in one go, on one machine. Prints ratios; absolute times say nothing about another machine.

python bench/run.py                 everything, three repetitions
python bench/run.py --quick         one repetition, fewer operations
python bench/run.py --only wait     one scenario (wait, stream, resume, state, search, idle)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

from config.embedded.postgres import EmbeddedPostgres  # noqa: E402
from config.embedded.process import free_port  # noqa: E402
from config.embedded.redis import start_redis  # noqa: E402
from search import measure  # noqa: E402

HOLD = {
    "five-step wait run, 16 callers": 1.5,
    "one-step wait run, 16 callers": 3.0,
}


class Server:
    """The product on embedded servers in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.postgres = EmbeddedPostgres(directory)
        self.postgres.start()
        self.redis = start_redis(directory)
        self.port = free_port()
        self.children: list[subprocess.Popen[bytes]] = []
        url = urlsplit(self.postgres.url("holdfast"))
        roles = {
            f"HOLDFAST_DB_{role.upper()}": f"postgresql://holdfast_{role}:bench@{url.hostname}:{url.port}/holdfast"
            for role in ("owner", "app", "worker", "system")
        }
        self.environment = (
            os.environ
            | roles
            | {
                "DATABASE_URL": self.postgres.url("holdfast"),
                "REDIS_URL": self.redis.url,
                "HOLDFAST_SECRET_KEY": "bench" * 10,
                "HOLDFAST_CONFIG": str(HERE / "langgraph.json"),
                "HOLDFAST_DATA_DIR": str(directory),
                "HOLDFAST_RUN_SLOTS": "1000",
                "HOLDFAST_LOG_LEVEL": "WARNING",
            }
        )
        self.password = url.password or ""
        services = {"pg_port": url.port, "postgres_pid": self.postgres.pid}
        (directory / "services.json").write_text(json.dumps(services))
        answer = subprocess.run(
            [sys.executable, "manage.py", "setup", "--seed", "--json"], cwd=ROOT, env=self.environment, check=True, capture_output=True
        )
        self.key = json.loads(answer.stdout.splitlines()[-1])["api_key"]
        celery = [
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "--pool",
            "threads",
            "-l",
            "warning",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
        uvicorn = ["-m", "uvicorn", "config.asgi:application", "--port", str(self.port), "--loop", "uvloop", "--http", "httptools"]
        self.web = self.start("web", [*uvicorn, "--no-access-log", "--log-level", "warning"], directory)
        self.worker = self.start("worker", [*celery, "-c", "4", "-Q", "runs", "-n", "bench@%h"], directory)
        sweeps = [*celery, "-B", "-c", "2", "-Q", "sweeps", "-n", "sweeps@%h", "--schedule", str(directory / "schedule")]
        self.sweeps = self.start("sweeps", sweeps, directory)
        self.wait()

    def start(self, process: str, arguments: list[str], directory: Path) -> subprocess.Popen[bytes]:
        log = (directory / f"{process}.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment | {"HOLDFAST_PROCESS": process}, stdout=log, stderr=log
        )
        self.children.append(child)
        return child

    def wait(self) -> None:
        body = json.dumps({"assistant_id": "noop", "input": {"x": 1}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/runs/wait", body, {"X-Api-Key": self.key, "Content-Type": "application/json"}
        )
        for _ in range(300):
            try:
                if json.load(urllib.request.urlopen(request, timeout=30)).get("y") == 3:
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server does not answer")

    def target(self) -> dict[str, object]:
        pids = {
            "web": self.web.pid,
            "worker": self.worker.pid,
            "sweeps": self.sweeps.pid,
            "postgres": self.postgres.pid,
            "redis": self.redis.pid,
        }
        return {"name": "holdfast", "url": f"http://127.0.0.1:{self.port}", "api_key": self.key, "pids": pids}

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait()
        self.redis.stop()
        self.postgres.stop()


def harness(server: Server, directory: Path, scenario: str, conc: str, repeat: int, *options: str) -> list[dict]:
    target, out = directory / "target.json", directory / f"{scenario}-{conc}.json"
    target.write_text(json.dumps(server.target()))
    command = [
        sys.executable,
        "-m",
        "lgbench",
        "run",
        "--target",
        str(target),
        "--scenario",
        scenario,
        "--conc",
        conc,
        "--repeat",
        str(repeat),
    ]
    done = subprocess.run([*command, "--out", str(out), "--quiet", *options], cwd=HERE, check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-2000:], flush=True)
        raise SystemExit(f"the scenario {scenario} has failed: its figures are no measurement")
    return json.loads(out.read_text())["rows"]


def floor(server: Server, directory: Path, repeat: int, *options: str) -> list[dict]:
    """Bare LangGraph with its own AsyncPostgresSaver, 16 at a time."""
    out = directory / "floor.json"
    command = [sys.executable, "anchors/floor.py", "--services", str(directory), "--only", "pg locked pool20", "--conc", "16"]
    environment = os.environ | {"PGPASSWORD": server.password}
    command += ["--repeat", str(repeat), "--out", str(out), *options]
    subprocess.run(command, cwd=HERE, env=environment, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text())["rows"]


def of(rows: list[dict], variant: str, column: str) -> float:
    return median(row[column] for row in rows if row["variant"] == variant)


def waits(server: Server, directory: Path, repeat: int, scale: str) -> None:
    found = floor(server, directory, repeat)
    bare = {graph: median(row["cpu_all_ms"] for row in found if row["graph"] == graph) for graph in ("noop", "five")}
    rows = harness(server, directory, "wait", "16", repeat, "--scale", scale)
    for graph, name in (("five", "five-step wait run, 16 callers"), ("noop", "one-step wait run, 16 callers")):
        for kind in ("thread", "stateless"):
            ratio = of(rows, f"{graph} {kind}", "cpu_all") / bare[graph]
            parts = ", ".join(f"{part} {of(rows, f'{graph} {kind}', f'cpu_{part}'):.2f}" for part in ("web", "worker", "postgres", "redis"))
            print(f"{name} ({kind}): {ratio:.2f} x bare LangGraph (hold {HOLD[name]}); CPU-ms: {parts}; bare {bare[graph]:.2f}", flush=True)


def streams(server: Server, directory: Path, repeat: int, scale: str) -> None:
    rows = harness(server, directory, "stream", "16", repeat, "--scale", scale, "--opt", "delays=[5]")
    bare = median(row["us_per_token"] for row in floor(server, directory, repeat, "--tokens", "--delay-ms", "5"))
    ours = of(rows, "delay 5 ms", "us_per_token_all")
    print(
        f"streamed token, 16 streams 5 ms apart: {ours:.0f} us CPU (hold 200), {ours / bare:.2f} x bare LangGraph ({bare:.0f} us)",
        flush=True,
    )
    parts = (f"{part} {of(rows, 'delay 5 ms', f'us_per_token_{part}'):.0f}" for part in ("web", "worker", "postgres", "redis"))
    print(f"    of which {', '.join(parts)}", flush=True)
    first = harness(server, directory, "stream", "1", repeat, "--scale", "1", "--opt", "delays=[5]", "--opt", "tokens=20")
    print(f"accepted to first event, at rest: p50 {of(first, 'delay 5 ms', 'ttfe_p50_ms'):.1f} ms (hold 50)", flush=True)


def asleep(server: Server, directory: Path, repeat: int, scale: str) -> None:
    rows = harness(server, directory, "idle", "16", 1, "--opt", "k=[1000]")
    row = rows[0]
    print(
        f"1,000 runs asleep 5 s in one worker process: done after {row['makespan_s']:.1f} s (hold 7), accepted in {row['accept_s']:.1f} s",
        flush=True,
    )


def resumes(server: Server, directory: Path, repeat: int, scale: str) -> None:
    alone = harness(server, directory, "resume", "1", repeat, "--scale", scale)
    rows = harness(server, directory, "resume", "16", repeat, "--scale", scale)
    for variant in ("to interrupt", "resume"):
        p50, cpu = of(alone, variant, "p50_ms"), of(rows, variant, "cpu_all")
        print(f"wait {variant}: p50 {p50:.1f} ms at rest (hold 80), {cpu:.2f} CPU-ms at 16 callers", flush=True)


def states(server: Server, directory: Path, repeat: int, scale: str) -> None:
    """Reads of a tenant with few and with many threads: the ratio tells whether work grows with the table."""
    few, many = (200, 20_000) if scale == "1" else (200, 2_000)
    options = ["--opt", f"threads=[{few},{many}]", "--opt", f"with_checkpoints={few}", "--opt", "conc=[16]", "--scale", scale]
    rows = harness(server, directory, "state", "16", 1, *options)
    found = {row["variant"]: row["cpu_all"] for row in rows}
    for variant, cpu in found.items():
        size, _, name = variant.partition(" threads: ")
        before = found.get(f"{few} threads: {name}")
        grown = f", {cpu / before:.2f} x that of {few} threads (hold 1.2)" if int(size) == many and before else ""
        print(f"{name}, {size} threads: {cpu:.2f} CPU-ms{grown}", flush=True)


def searches(server: Server, directory: Path, repeat: int, scale: str) -> None:
    """Metadata search and counting with 200 and 50,000 threads in one tenant; the last one, since it leaves them there."""
    target = server.target()
    measure(server.postgres.url("holdfast"), server.port, server.key, list(target["pids"].values()), int(200 * float(scale)))


SCENARIOS = {"wait": waits, "stream": streams, "resume": resumes, "state": states, "idle": asleep, "search": searches}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=list(SCENARIOS))
    arguments = parser.parse_args()
    repeat, scale = (1, "0.4") if arguments.quick else (3, "1")
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # as root PostgreSQL runs as somebody else, who has to reach it
        server = Server(directory)
        try:
            for scenario in [arguments.only] if arguments.only else list(SCENARIOS):
                SCENARIOS[scenario](server, directory, repeat, scale)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
