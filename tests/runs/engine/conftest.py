"""The engine's functions as a worker process calls them, for tests that also use the ORM."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest
from django.conf import settings
from psycopg import AsyncCursor

from assistants.registry.embedding import StoreConfig
from assistants.registry.factory import AnyPregel
from runs.checkpoints.saver import Rows, RunContext
from runs.engine.database import Claimed, EngineDatabase, Settlement, open_pool
from runs.lifecycle import queue
from tenants.models import Tenant
from tests.runs.engine.office import Office, disconnected

T = TypeVar("T")


class Worker:
    """One worker process's way to the database, on a loop of its own; leases last a minute."""

    def __init__(self, owner: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.database = EngineDatabase(self.run(self._open()), owner, 60)

    async def _open(self) -> Any:
        pool = open_pool(settings.WORKER_DATABASE_URL, 3)
        await pool.open(wait=True)
        return pool

    def start(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Let it run."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Block until it is done."""
        return self.start(coroutine).result(30)

    def claim(self, served: str, slots: int = 16, *, suspects: bool = True) -> list[Claimed]:
        """Take due runs of this fingerprint."""
        return self.look(served, slots, suspects=suspects)[0]

    def look(self, served: str, slots: int = 16, *, suspects: bool = True) -> tuple[list[Claimed], bool]:
        """Also whether a due run was passed over."""
        return self.run(self.database.claim(slots, [served], suspects=suspects, patient=False))

    def write(self, *items: tuple[RunContext, Rows]) -> list[Exception | None]:
        """Write in one statement."""
        return self.run(self.database.write(list(items)))

    def settle(self, *items: Settlement) -> list[tuple[str, bool] | Exception]:
        """End in one statement."""
        return self.run(self.database.settle(list(items)))

    def hand_back(self, *runs: Claimed) -> None:
        """Give them back."""
        self.run(self.database.hand_back(list(runs)))

    def close(self) -> None:
        """Disconnect."""
        self.run(self.database.pool.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def worker(database: None) -> Iterator[Worker]:
    """A worker."""
    made = Worker("worker-one")
    yield made
    made.close()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine's pooled connections execute, counted at the client."""
    seen: list[str] = []
    execute = AsyncCursor.execute

    async def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(query)
        return await execute(self, query, *args, **kwargs)

    monkeypatch.setattr(AsyncCursor, "execute", counted)
    return seen


@pytest.fixture
def open_office(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Office]]:
    """Starts engines; ends them."""
    monkeypatch.setattr(queue, "wake", lambda *args, **kwargs: None)
    made: list[Office] = []

    def open_(graph: AnyPregel, store: StoreConfig | None = None) -> Office:
        office = Office(tenant, graph, store)
        office.engine.start()
        made.append(office)
        return office

    yield open_
    for office in made:
        if office.engine.thread.is_alive():
            office.engine.drain(0.1)
        office.engine.messenger.shutdown()
        office.engine.loop.run_until_complete(disconnected())
        office.engine.loop.close()
