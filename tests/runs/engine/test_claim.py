"""What a worker takes: due runs, first of their thread, oldest first, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from runs.models import Interrupt, Run, Thread
from tenants.models import AuditEvent, Tenant
from tests import builders
from tests.runs.engine.conftest import Worker


def test_a_claim_is_one_statement_and_raises_the_attempt(worker: Worker, tenant: Tenant, statements: list[str]) -> None:
    served = uuid4().hex
    run = builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served)
    found = worker.claim(served)
    assert len(statements) == 1
    assert [(each.run_id, each.attempt) for each in found] == [(run.run_id, 1)]
    run.refresh_from_db()
    assert (run.status, run.attempt, run.lease_owner) == ("running", 1, "worker-one")
    assert worker.claim(served) == []


def test_only_the_first_run_of_a_thread_is_taken(worker: Worker, tenant: Tenant) -> None:
    served, thread = uuid4().hex, builders.make_thread(tenant)
    first, second = (builders.make_run(tenant, thread, "pending", graph_fingerprint=served) for _ in range(2))
    assert [run.run_id for run in worker.claim(served)] == [first.run_id]
    assert worker.claim(served) == []
    Run.objects.for_tenant(tenant.tenant_id).filter(run_id=first.run_id).update(status="success")
    assert [run.run_id for run in worker.claim(served)] == [second.run_id]


def test_the_oldest_come_first_up_to_the_slots(worker: Worker, tenant: Tenant) -> None:
    served = uuid4().hex
    runs = [builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served) for _ in range(4)]
    found = worker.claim(served, 2)
    assert {run.run_id for run in found} == {run.run_id for run in runs[:2]}


def test_a_run_that_is_not_due_or_not_served_is_left(worker: Worker, tenant: Tenant) -> None:
    served = uuid4().hex
    builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=uuid4().hex)
    builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served, run_at=builders.now() + timedelta(hours=1))
    assert worker.claim(served) == []


def test_a_run_that_crashed_twice_is_taken_alone(worker: Worker, tenant: Tenant) -> None:
    served = uuid4().hex
    for _ in range(3):
        builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served, crashes=2)
    assert len(worker.claim(served)) == 1
    assert worker.claim(served, suspects=False) == []


def test_a_new_turn_closes_open_interrupts_and_a_resume_does_not(worker: Worker, tenant: Tenant) -> None:
    served = uuid4().hex
    for resume_ids, status in ((None, "superseded"), (["other"], "pending")):
        thread = builders.make_thread(tenant, interrupted=True)
        builders.make_run(tenant, thread, "pending", graph_fingerprint=served, resume_ids=resume_ids)
        worker.claim(served)
        interrupt = Interrupt.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
        assert interrupt.status == status
    actions = AuditEvent.objects.for_tenant(tenant.tenant_id).values_list("action", flat=True)
    assert list(actions).count("interrupt.supersede") == 1


def test_a_run_whose_thread_is_held_is_passed_over_and_told(worker: Worker, tenant: Tenant) -> None:
    served, thread = uuid4().hex, builders.make_thread(tenant)
    run = builders.make_run(tenant, thread, "pending", graph_fingerprint=served)
    with transaction.atomic():
        list(Thread.objects.for_tenant(tenant.tenant_id).select_for_update().filter(thread_id=thread.thread_id))
        assert worker.look(served) == ([], True)
    claimed, passed_over = worker.look(served)
    assert ([each.run_id for each in claimed], passed_over) == ([run.run_id], False)


def test_two_workers_never_take_the_same_run(worker: Worker, tenant: Tenant) -> None:
    served, other = uuid4().hex, Worker("worker-two")
    for _ in range(12):
        builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served)
    with ThreadPoolExecutor(6) as pool:
        claims = [pool.submit(each.claim, served, 3) for each in (worker, other) for _ in range(6)]
    other.close()
    taken = [run.run_id for claim in claims for run in claim.result()]
    assert len(taken) == len(set(taken))
    assert taken
