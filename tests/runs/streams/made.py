"""Runs that no worker runs, and events that no graph made."""

from typing import Any
from uuid import UUID, uuid4

from runs.models import Run
from runs.streams import keys
from runs.streams.connection import sync_redis
from runs.streams.rows import RunRef
from runs.wire.events import Event
from tenants.models import Tenant
from tests.builders import make_run, make_thread

EPOCH = 1_700_000_000_000


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
