"""A run of the graph `steps` whose every step is known from outside."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from tests import builders, stack
from tests.builders import Person
from tests.servers import Service, Stack
from tests.waiting import until

LEASE_SECONDS = 2
WRITTEN = ("run", "thread", "interrupt", "run_event", "audit_event", "checkpoints", "checkpoint_blobs", "checkpoint_writes")


@dataclass(slots=True)
class Steps:
    """A thread of the graph `steps` and what is known of its run."""

    stack: Stack
    http: httpx.Client
    traces: Path
    name: str
    thread_id: str
    run_id: str = ""

    def start(self, hold: int = 3, steps: int = 5, **body: Any) -> "Steps":
        """Create the run in the background; it will wait in step `hold` until `open`."""
        given = {"assistant_id": "steps", "input": {"name": self.name, "hold": hold, "steps": steps}, "durability": "sync"}
        answer = self.http.post(f"/threads/{self.thread_id}/runs", json=given | body)
        assert answer.status_code == 200, answer.text
        self.run_id = answer.json()["run_id"]
        return self

    def trace(self) -> list[str]:
        """What its nodes did, over all attempts."""
        file = self.traces / self.name
        return file.read_text().splitlines() if file.exists() else []

    def reaches(self, mark: str, times: int = 1) -> None:
        """Wait until its nodes have done this so often."""
        until(f"{mark} ×{times} of {self.name}", lambda: self.trace().count(mark) >= times, 30)

    def open(self) -> None:
        """Let the waiting step go on, in every attempt."""
        (self.traces / f"{self.name}.open").touch()

    def row(self) -> dict[str, Any]:
        """The run's row, as the administrator sees it."""
        return self.rows("run", run_id=self.run_id)[0]

    def ends(self, status: str = "success", seconds: float = 30) -> dict[str, Any]:
        """Wait until the run has ended; its row."""
        until(f"run of {self.name} ends", lambda: self.row()["status"] not in ("pending", "running"), seconds)
        assert self.row()["status"] == status
        return self.row()

    def state(self) -> dict[str, Any]:
        """The thread's state."""
        found: dict[str, Any] = self.http.get(f"/threads/{self.thread_id}/state").json()
        return found

    def rows(self, table: str, **where: str) -> list[dict[str, Any]]:
        """Rows as the administrator sees them."""
        condition = " and ".join(f"{column}::text = %s" for column in where) or "true"
        with psycopg.connect(stack.admin_url(self.stack.database), row_factory=dict_row) as admin:
            return admin.execute(f"select * from {table} where {condition}", list(where.values())).fetchall()

    def written(self) -> dict[str, list[str]]:
        """Everything an engine writes, to be compared."""
        return {table: sorted(map(repr, self.rows(table))) for table in WRITTEN}


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where nodes leave their traces."""
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="session")
def _crash_stack(database: None, traces: Path) -> Iterator[Stack]:
    graphs = Path(__file__).parent / "graphs" / "langgraph.json"
    made = Stack.apart("crash", HOLDFAST_CONFIG=str(graphs), TRACES=str(traces))
    try:
        made.start_web(wait=False)
        made.start_sweeps()
        yield made
    finally:
        made.stop()


@pytest.fixture
def crash(_crash_stack: Stack) -> Iterator[Stack]:
    """A stack of its own with web and sweeps. Workers outlive tests: ask for `worker` or `no_worker` to know how many there are."""
    with _crash_stack.adopted():
        yield _crash_stack


@pytest.fixture
def person(crash: Stack) -> Person:
    """A developer of a fresh tenant of the crash stack."""
    return builders.make_person(builders.make_tenant())


@pytest.fixture
def http(crash: Stack, person: Person) -> Iterator[httpx.Client]:
    """Their HTTP client."""
    with httpx.Client(base_url=crash.base_url, headers=person.headers, timeout=60) as client:
        yield client


@pytest.fixture
def new_steps(crash: Stack, http: httpx.Client, traces: Path) -> Callable[[], Steps]:
    """Makes threads for the graph `steps`."""

    def make() -> Steps:
        return Steps(crash, http, traces, uuid4().hex, http.post("/threads", json={}).json()["thread_id"])

    return make


@pytest.fixture
def steps(new_steps: Callable[[], Steps]) -> Steps:
    """One such thread."""
    return new_steps()


@pytest.fixture
def worker(crash: Stack) -> Service:
    """The only worker."""
    return (crash.keep_workers(1) or [crash.start_worker()])[0]


@pytest.fixture
def no_worker(crash: Stack) -> None:
    """Nobody who could claim a run."""
    crash.keep_workers(0)


@pytest.fixture
def background() -> Iterator[Callable[[Callable[[], Any]], "Future[Any]"]]:
    """Runs something in a thread meanwhile."""
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit
