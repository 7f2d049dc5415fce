"""Runs that no worker runs, and events that no graph made."""

from typing import Any
from uuid import UUID, uuid4

from runs.models import Run, Thread
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.streams.rows import RunRef
from runs.wire.events import END, End, Event
from tenants.models import Tenant
from tests.builders import make_events, make_run, make_thread

EPOCH = 1_700_000_000_000
LATER = EPOCH + 1000


def entries(run_id: UUID) -> list[Any]:
    """What the log holds, as redis-py answers."""
    answer: Any = sync_redis().xrange(keys.log(run_id))
    return list(answer)


def running(tenant: Tenant, **fields: Any) -> Run:
    """A run that some worker runs."""
    values: dict[str, Any] = {"status": "running", "streamed": True, "lease_owner": "worker-1", "epoch_ms": EPOCH, "attempt": 1} | fields
    return make_run(tenant, make_thread(tenant, status="busy"), **values)


def reference(**fields: Any) -> RunRef:
    """A run of which there is no row."""
    values: dict[str, Any] = {"tenant_id": uuid4(), "thread_id": uuid4(), "run_id": uuid4(), "resumable": False, "streamed": True}
    return RunRef(**values | {"lease_owner": None, "status": "running", "key_id": None} | fields)


def numbered(*numbers: int, epoch: int = EPOCH, name: str = "values") -> list[Event]:
    """Events of an attempt."""
    return [Event(epoch, n, name, b'{"n":%d}' % n) for n in numbers]


def idle(tenant: Tenant) -> Thread:
    """A thread whose last run was claimed before all of these."""
    return make_thread(tenant, epoch_ms=EPOCH - 1)


def claimed(thread: Thread, *, epoch_ms: int = EPOCH, **fields: Any) -> Run:
    """A run of the thread that a worker has taken."""
    values: dict[str, Any] = {"status": "running", "streamed": True, "lease_owner": "worker-1", "attempt": 1} | fields
    run = make_run(Tenant(tenant_id=thread.tenant_id), thread, epoch_ms=epoch_ms, **values)
    change(thread, epoch_ms=epoch_ms, status="busy")
    return run


def finished(run: Run, **fields: Any) -> Run:
    """The run has ended, nothing else is to be done."""
    Run.objects.for_tenant(run.tenant_id).filter(run_id=run.run_id).update(**{"status": "success"} | fields)
    Thread.objects.for_tenant(run.tenant_id).filter(thread_id=run.thread_id).update(status="idle")
    return run


def stored(run: Run, *names: str, epoch_ms: int = EPOCH) -> Run:
    """The run with these events in rows."""
    make_events(Tenant(tenant_id=run.tenant_id), run, *[(name, b"{}") for name in names], epoch_ms=epoch_ms)
    return run


def ended(n: int, epoch_ms: int = EPOCH) -> list[Event]:
    """The end of an attempt."""
    return [Event(epoch_ms, n, END, End("success", None, None).data())]


def change(thread: Thread, **fields: Any) -> None:
    """The thread's row, otherwise."""
    Thread.objects.for_tenant(thread.tenant_id).filter(thread_id=thread.thread_id).update(**fields)
