"""The sweeps: rescue, re-wake, removal of what has ended."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from runs.engine import recovery
from runs.lifecycle import queue
from runs.models import Run, RunEvent, Thread
from runs.streams import keys
from runs.streams.connection import sync_redis
from tenants.database.context import acting_for
from tenants.models import AuditEvent, Tenant
from tests import builders


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Wake-ups sent, with their patience."""
    sent: list[bool] = []
    monkeypatch.setattr(queue, "wake", lambda *, patient=False: sent.append(patient))
    return sent


def test_an_expired_lease_makes_the_run_pending_again(tenant: Tenant, calls: list[bool]) -> None:
    past, future = builders.now() - timedelta(seconds=1), builders.now() + timedelta(hours=1)
    dead = builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=1, lease_until=past, lease_owner="dead")
    alive = builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=1, lease_until=future, lease_owner="alive")
    assert recovery.rescue_expired_runs() >= 1
    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, dead.crashes, dead.attempt, dead.lease_owner) == ("pending", 1, 1, None)
    assert alive.status == "running"
    assert calls == [False]
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.rescue", target_id=str(dead.run_id)).exists()


def test_a_delayed_run_is_called_for_as_soon_as_it_is_due(tenant: Tenant, calls: list[bool]) -> None:
    served, moment = uuid4().hex, builders.now()
    sync_redis().zadd(keys.served(), {served: moment.timestamp()})
    Run.objects.using("system").filter(status="pending").update(status="interrupted")  # what other tests have left to be done
    thread = builders.make_thread(tenant)
    run = builders.make_run(tenant, thread, "pending", graph_fingerprint=served, run_at=moment, updated_at=moment)
    assert not recovery.rewake_due_runs(), "its own wake-up is under way"
    Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).update(updated_at=moment - timedelta(seconds=9))
    assert recovery.rewake_due_runs()
    Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).update(run_at=moment + timedelta(seconds=30))
    assert not recovery.rewake_due_runs()


def test_an_overdue_run_that_a_worker_serves_is_called_for(tenant: Tenant, calls: list[bool]) -> None:
    served = uuid4().hex
    Run.objects.using("system").filter(status="pending").update(status="interrupted")  # what other tests have left to be done
    builders.make_run(
        tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served, run_at=builders.now() - timedelta(seconds=5)
    )
    assert not recovery.rewake_due_runs()
    sync_redis().zadd(keys.served(), {served: builders.now().timestamp()})
    assert recovery.rewake_due_runs()
    assert calls == [True]


def test_threads_of_stateless_runs_go_with_everything_a_minute_after_their_end(tenant: Tenant) -> None:
    ended = builders.make_thread(tenant, temporary=True, keep=False, ended_at=builders.now() - timedelta(seconds=90))
    fresh = builders.make_thread(tenant, temporary=True, keep=False, ended_at=builders.now())
    builders.make_run(tenant, ended)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint) values (%s, '', 'c', '{}')",
            [f"{tenant.tenant_id}:{ended.thread_id}"],
        )
    assert recovery.delete_ended_threads() >= 1
    left = set(Thread.objects.for_tenant(tenant.tenant_id).values_list("thread_id", flat=True))
    assert left == {fresh.thread_id}
    assert not Run.objects.for_tenant(tenant.tenant_id).filter(thread_id=ended.thread_id).exists()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from checkpoints")
        assert cursor.fetchone() == (0,)


def test_events_go_after_their_retention_time(tenant: Tenant) -> None:
    run = builders.make_run(tenant, builders.make_thread(tenant))
    old, _ = builders.make_events(tenant, run, ("values", b"{}"), ("values", b"{}"))
    age = builders.now() - timedelta(hours=settings.EVENT_RETENTION_HOURS + 1)
    RunEvent.objects.for_tenant(tenant.tenant_id).filter(n=old.n).update(created_at=age)
    recovery.delete_old_events()
    assert RunEvent.objects.for_tenant(tenant.tenant_id).count() == 1


def test_a_sweep_that_another_replica_is_at_does_nothing(tenant: Tenant, calls: list[bool]) -> None:
    past = builders.now() - timedelta(seconds=1)
    builders.make_run(tenant, builders.make_thread(tenant), "running", attempt=1, lease_until=past)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(7300, 1)")
        assert recovery.rescue_expired_runs() == 0
        cursor.execute("select pg_advisory_unlock(7300, 1)")
    assert recovery.rescue_expired_runs() >= 1


def test_expired_items_of_all_tenants_go_in_batches(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "ITEM_BATCH", 2)
    other = builders.make_tenant()
    for one in (tenant, other):
        with acting_for(one.tenant_id), connection.cursor() as cursor:
            cursor.execute(
                "insert into store (prefix, key, value, expires_at) select %s, n::text, '{}', now() + make_interval(mins => n)"
                " from generate_series(-3, 2) n",
                [f"{one.tenant_id}.notes"],
            )
            cursor.execute("insert into store (prefix, key, value) values (%s, 'stays', '{}')", [f"{one.tenant_id}.notes"])
    assert recovery.delete_expired_items() >= 8
    for one in (tenant, other):
        with acting_for(one.tenant_id), connection.cursor() as cursor:
            cursor.execute("select array_agg(key order by key) from store")
            assert cursor.fetchone() == (["1", "2", "stays"],)
