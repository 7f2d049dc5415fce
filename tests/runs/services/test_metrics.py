"""Figures of the queue over all tenants, and what they cost."""

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from django.db import connection
from pytest_django import Settings

from runs.models import Run, Thread
from runs.services.metrics import Queue, metrics_json, metrics_text
from runs.streams.connection import sync_redis
from tenants.models import Tenant
from tests.builders import make_run, make_thread, now
from tests.statements import statements

ENDED = """
insert into run (tenant_id, run_id, thread_id, assistant_id, assistant_version, graph_id, graph_fingerprint, status, attempt, crashes,
                 kwargs, metadata, multitask_strategy, streamed, resumable, created_by)
select tenant_id, gen_random_uuid(), thread_id, assistant_id, 1, graph_id, graph_fingerprint, 'success', 1, 0, kwargs, metadata,
       multitask_strategy, false, false, created_by
  from run, generate_series(1, %s) where run_id = %s"""


def waiting(tenant: Tenant, seconds: float, thread: Thread | None = None, status: str = "pending") -> Run:
    """A run that has waited so long; of a fingerprint that no worker serves."""
    due = now() - timedelta(seconds=seconds)
    return make_run(tenant, thread or make_thread(tenant, status="busy"), status, run_at=due, created_at=due)


@pytest.fixture
def before(tenant: Tenant) -> Queue:
    """Other tests have left runs behind: all that counts is what is older than theirs, and how many more there are."""
    return Queue.read()


def test_what_waits_is_counted_and_the_oldest_told(tenant: Tenant, before: Queue) -> None:
    for seconds in (-3600, 5_000_000, 4_000_000):
        waiting(tenant, seconds)
    found = Queue.read()
    assert (found.pending - before.pending, found.due - before.due) == (3, 2)
    assert found.oldest == pytest.approx(5_000_000, abs=60) == found.unblocked
    assert found.oldest is not None and found.median is not None and 0 <= found.median <= found.oldest


def test_a_run_behind_a_running_one_is_blocked(tenant: Tenant, before: Queue) -> None:
    busy = make_thread(tenant, status="busy")
    waiting(tenant, 9_000_000, busy)
    waiting(tenant, 8_000_000)
    make_run(tenant, busy, "running", lease_until=now() - timedelta(seconds=5), attempt=1)
    make_run(tenant, make_thread(tenant, status="busy"), "running", lease_until=now() + timedelta(hours=1), attempt=1)
    found = Queue.read()
    assert (found.running - before.running, found.expired - before.expired) == (2, 1)
    assert found.oldest == pytest.approx(9_000_000, abs=60)
    assert found.unblocked == pytest.approx(8_000_000, abs=60)


def test_it_is_one_statement_without_a_tenant(database: None) -> None:
    with statements() as sent:
        metrics_json()
    assert len(sent) == 1


def pages() -> int:
    """How many pages of the database are looked at."""
    Queue.read()
    with connection.cursor() as cursor:
        cursor.execute("explain (analyze, buffers, format json) select * from metrics_1()")
        (found,) = cursor.fetchone()
    plan = (orjson.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_runs_that_have_ended_cost_nothing(tenant: Tenant) -> None:
    few = pages()
    run = make_run(tenant, make_thread(tenant))
    with connection.cursor() as cursor:
        cursor.execute(ENDED, [20_000, run.run_id])
    assert pages() <= few + 20


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[None]:
    """Redis is away."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    sync_redis.cache_clear()
    yield
    sync_redis.cache_clear()


def test_without_redis_workers_are_unknown(database: None, no_redis: None) -> None:
    assert set(metrics_json()["workers"].values()) == {None}
    assert b"lg_api_workers" not in metrics_text() and b"holdfast_runs_due" in metrics_text()
