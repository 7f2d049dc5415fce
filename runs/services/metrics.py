"""What operators measure: requests of this process, work of all tenants, workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from runs.streams import workers
from runs.streams.workers import Load
from tenants.models import Json

REQUESTS = "lg_api_http_requests"


class ProcessMetrics:
    """Counted since this process started; from any thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
        self.registry = CollectorRegistry()
        self._requests = Counter(REQUESTS, "Requests answered.", ["method", "path", "status"], registry=self.registry)
        self._latency = Histogram(
            f"{REQUESTS}_latency", "Seconds until a request was answered, or its stream began.", ["method", "path"], registry=self.registry
        )
        self._streams = Gauge("holdfast_streams_open", "Event streams this process is sending.", registry=self.registry)

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """A request of a route (its template; empty: none) has an answer."""
        self._requests.labels(method, path, str(status)).inc()
        self._latency.labels(method, path).observe(seconds)

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """One more stream is open until the block ends."""
        with self._streams.track_inprogress():
            yield

    def streams(self) -> int:
        """How many are open now."""
        return int(self.registry.get_sample_value("holdfast_streams_open") or 0)

    def requests(self) -> list[Json]:
        """How often each route has answered with each status."""
        samples = [sample for metric in self._requests.collect() for sample in metric.samples if sample.name == f"{REQUESTS}_total"]
        return [sample.labels | {"status": int(sample.labels["status"]), "count": int(sample.value)} for sample in samples]


@cache
def process_metrics() -> ProcessMetrics:
    """This process's."""
    return ProcessMetrics()


@dataclass(frozen=True, slots=True)
class Queue:
    """Work of all tenants: how many runs wait (`due`: whose time has come) and run, and for how many seconds the due ones have waited."""

    pending: int
    due: int
    oldest: float | None
    median: float | None
    unblocked: float | None
    running: int
    expired: int

    @classmethod
    def read(cls) -> "Queue":
        """One statement, over pending and running rows only. Raises OperationalError when the database is away."""
        with connection.cursor() as cursor:
            cursor.execute("select * from metrics_1()")
            return cls(*cursor.fetchone())


def metrics_json() -> Json:
    """With the keys of the wire, and ours beside them."""
    queue, loads = Queue.read(), workers.loads()
    process = process_metrics()
    return {
        "queue": {
            "n_pending": queue.pending,
            "pending_runs_wait_time_max_secs": queue.oldest,
            "pending_runs_wait_time_med_secs": queue.median,
            "pending_unblocked_runs_wait_time_max_secs": queue.unblocked,
            "n_running": queue.running,
            "n_due": queue.due,
            "n_leases_expired": queue.expired,
        },
        "api": {"http_requests_total": process.requests(), "streams_open": process.streams()},
        "workers": {"max": None, "active": None, "available": None, "processes": None, "loop_lag_max_secs": None} | _sums(loads),
    }


def metrics_text() -> bytes:
    """As Prometheus reads it. What is unknown while Redis is away is left out."""
    queue, registry = Queue.read(), CollectorRegistry()
    figures: dict[str, tuple[str, float]] = {
        "holdfast_runs_pending": ("Runs that wait, over all tenants.", queue.pending),
        "holdfast_runs_due": ("Runs that wait and whose time has come.", queue.due),
        "holdfast_runs_running": ("Runs that workers execute.", queue.running),
        "holdfast_run_oldest_due_seconds": ("For how long the oldest due run has waited; 0: none waits.", queue.oldest or 0),
        "holdfast_run_median_due_seconds": ("For how long half of the due runs have waited.", queue.median or 0),
        "holdfast_run_oldest_unblocked_seconds": ("The same of the oldest whose thread has no running run.", queue.unblocked or 0),
        "holdfast_leases_expired": ("Running runs whose worker gives no sign of life.", queue.expired),
    }
    sums = _sums(workers.loads())
    for key, name, text in (
        ("max", "lg_api_workers_max", "Runs that all workers can execute at a time."),
        ("active", "lg_api_workers_active", "Runs that they do execute."),
        ("available", "lg_api_workers_available", "Their free slots."),
        ("processes", "holdfast_worker_processes", "Live worker processes."),
        ("loop_lag_max_secs", "holdfast_worker_loop_lag_seconds", "By how much the slowest worker's event loop was late."),
    ):
        if sums.get(key) is not None:
            figures[name] = (text, sums[key])
    for name, (text, value) in figures.items():
        Gauge(name, text, registry=registry).set(value)
    return generate_latest(process_metrics().registry) + generate_latest(registry)


def _sums(loads: list[Load] | None) -> dict[str, Any]:
    if loads is None:
        return {}
    slots, running = sum(load.slots for load in loads), sum(load.running for load in loads)
    return {
        "max": slots,
        "active": running,
        "available": max(0, slots - running),
        "processes": len(loads),
        "loop_lag_max_secs": max((load.lag for load in loads), default=None),
    }
