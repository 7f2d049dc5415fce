"""The product's own processes as `make up` runs them: commands, environments, logs."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from config.embedded.environment import CHECKOUT, checkout_name
from config.embedded.files import Record, make_private
from config.embedded.process import Launch, Pause, ServerFailed, size, stop, tail
from config.embedded.supervisor import STOP_SECONDS, Child

DATABASE_NAMES = {
    "web": ("HOLDFAST_DB_APP",),
    "worker": ("HOLDFAST_DB_WORKER",),
    "sweeps": ("HOLDFAST_DB_WORKER", "HOLDFAST_DB_SYSTEM"),
}
WEB = "-m uvicorn config.asgi:application --host 127.0.0.1 --loop uvloop --http httptools --no-access-log --log-level warning"
WORKER = "-m celery -A config worker --pool threads -c 4 -Q runs -l warning --without-gossip --without-mingle --without-heartbeat"
SWEEPS = "-m celery -A config worker -B -Q sweeps --pool threads -c 2 -l warning --without-gossip --without-mingle --without-heartbeat"


def run_setup(environment: Mapping[str, str], logs: Path, pause: Pause) -> Record:
    """Prepare the database and make a tenant with a key, in one process; what it answers."""
    log = logs / "setup.log"
    logged = size(log)
    with tempfile.TemporaryFile() as answer:
        command = [sys.executable, "manage.py", "setup", "--seed", "--json"]
        launch = Launch(command, CHECKOUT, log, {**environment, "HOLDFAST_PROCESS": "manage"})
        process = launch.spawn(output=answer)
        try:
            while process.poll() is None:
                pause(0.05)
        finally:
            stop(process, [(15, 2.0), (9, 2.0)])
        answer.seek(0)
        lines = answer.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise ServerFailed(f"the database could not be prepared; {log} ends with\n{tail(log, logged)}")
    return _json_object(lines[-1] if lines else "")


def _json_object(line: str) -> Record:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"tenant", "api_key"} <= found.keys():
        raise ServerFailed(f"`manage.py setup` answered {line[:200]!r} instead of a tenant and a key")
    return found


def product(shared: Mapping[str, str], databases: Mapping[str, str], data_dir: Path, logs: Path) -> list[Child]:
    """Web, worker and sweeps, each with the database roles it needs and no others."""
    name = checkout_name()
    make_private(data_dir)
    commands = {
        "web": [*WEB.split(), "--port", shared["PORT"], "--timeout-graceful-shutdown", str(int(STOP_SECONDS) // 2)],
        "worker": [*WORKER.split(), "-n", f"worker-{name}@%h"],
        "sweeps": [*SWEEPS.split(), "--schedule", str(data_dir / "celerybeat-schedule"), "-n", f"sweeps-{name}@%h"],
    }
    children = []
    for process, arguments in commands.items():
        roles = {role: databases[role] for role in DATABASE_NAMES[process]}
        environment = {**shared, **roles, "HOLDFAST_PROCESS": process}
        launch = Launch([sys.executable, *arguments], CHECKOUT, logs / f"{process}.log", environment)
        children.append(Child(process, launch))
    return children
