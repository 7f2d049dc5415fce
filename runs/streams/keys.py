"""Every name of ours in Redis."""

from uuid import UUID


def log(run_id: UUID) -> str:
    """Stream: a run's events, one entry per batch."""
    return f"events:{run_id}"


def channel(tenant_id: UUID, thread_id: UUID) -> str:
    """Channel: the batches of all runs of a thread as they come. Thread ids are the clients' own: two tenants may have the same."""
    return f"thread:{tenant_id}:{thread_id}"


def listen(run_id: UUID) -> str:
    """Somebody follows this run, which was not created as a stream."""
    return f"listen:{run_id}"


def listen_thread(tenant_id: UUID, thread_id: UUID) -> str:
    """Somebody follows all runs of this thread."""
    return f"listen:{tenant_id}:{thread_id}"


def inbox(tenant_id: UUID) -> str:
    """Channel: something of the tenant's review items has changed; what, the rows tell."""
    return f"feed:{tenant_id}"


def control(owner: str) -> str:
    """Channel: what a worker process is told."""
    return f"control:{owner}"


def stopped(run_id: UUID) -> str:
    """The worker has stopped this run's task, as it was told to."""
    return f"stopped:{run_id}"


def flag(queue: str) -> str:
    """A wake-up for this queue is under way."""
    return f"wake:{queue}"


def served() -> str:
    """Sorted set: graph fingerprints that live workers run, by the time they last said so."""
    return "served"


def workers() -> str:
    """Sorted set: worker processes, by the time they last said that they live."""
    return "workers"


def worker(owner: str) -> str:
    """What a worker process last said of itself."""
    return f"worker:{owner}"


def ticket(digest: str) -> str:
    """A websocket ticket, by the digest of its secret."""
    return f"ticket:{digest}"
