"""How a run ends in the database: once, with thread, interrupts and audit in the same statement."""

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.db import transaction

from runs.engine.database import Busy, Claimed, Settlement
from runs.models import Interrupt, Run, Thread
from tenants.models import AuditEvent, Tenant
from tests import builders
from tests.runs.engine.conftest import Worker

QUESTION = ("a" * 32, "task", "ask", "question", None, '{"q": 1}', None, '["respond"]', "{}")


def claimed(worker: Worker, tenant: Tenant, thread: Thread, **fields: Any) -> Claimed:
    """A running run of this thread."""
    served = uuid4().hex
    builders.make_run(tenant, thread, "pending", graph_fingerprint=served, **fields)
    return worker.claim(served, 1)[0]


def ended(run: Claimed, **fields: object) -> Settlement:
    """A good end."""
    good = Settlement(run.tenant_id, run.run_id, run.attempt, "success", None, "idle", '{"x": 1}', "{}", "head-1")
    return replace(good, **fields)  # type: ignore[arg-type]  # fields of the test


def test_runs_that_end_together_are_one_statement(worker: Worker, tenant: Tenant, statements: list[str]) -> None:
    runs = [claimed(worker, tenant, builders.make_thread(tenant)) for _ in range(3)]
    statements.clear()
    assert worker.settle(*(ended(run) for run in runs)) == [("settled", False)] * 3
    assert len(statements) == 1


def test_thread_and_audit_follow_the_run(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant)
    run = claimed(worker, tenant, thread)
    worker.settle(ended(run))
    thread.refresh_from_db()
    assert (thread.status, thread.values, thread.head_checkpoint_id) == ("idle", {"x": 1}, "head-1")
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.settle", target_id=str(run.run_id)).count() == 1


def test_a_repeated_settle_changes_nothing_and_counts_as_done(worker: Worker, tenant: Tenant) -> None:
    run = claimed(worker, tenant, builders.make_thread(tenant))
    worker.settle(ended(run))
    assert worker.settle(ended(run)) == [("settled", False)]
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.settle").count() == 1


def test_a_stale_attempt_settles_nothing(worker: Worker, tenant: Tenant) -> None:
    run = claimed(worker, tenant, builders.make_thread(tenant))
    assert worker.settle(ended(run, attempt=9)) == [("stale", False)]
    assert Run.objects.for_tenant(tenant.tenant_id).get(run_id=run.run_id).status == "running"


def test_a_cancelled_run_stays_cancelled(worker: Worker, tenant: Tenant) -> None:
    run = claimed(worker, tenant, builders.make_thread(tenant))
    Run.objects.for_tenant(tenant.tenant_id).filter(run_id=run.run_id).update(status="interrupted", cancel_reason="interrupt")
    assert worker.settle(ended(run, status="interrupted")) == [("stale", False)]


def test_a_thread_with_another_run_stays_busy_and_says_so(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant)
    run = claimed(worker, tenant, thread)
    builders.make_run(tenant, thread, "pending")
    assert worker.settle(ended(run)) == [("settled", True)]
    thread.refresh_from_db()
    assert thread.status == "busy"


def test_interrupts_become_those_of_the_head(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant, interrupted=True)
    run = claimed(worker, tenant, thread, resume_ids=["x"])
    worker.settle(ended(run, thread_status="interrupted", interrupts=[QUESTION]))
    found = dict(Interrupt.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).values_list("interrupt_id", "status"))
    assert found.pop("a" * 32) == "pending"
    assert list(found.values()) == ["superseded"]


def test_an_answer_whose_node_failed_can_be_given_again(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant)
    run = claimed(worker, tenant, thread, resume_ids=["a" * 32])
    builders.make_interrupt(tenant, thread, interrupt_id="a" * 32, status="resolved", resume_run_id=run.run_id)
    worker.settle(ended(run, status="error", error='{"error": "E"}', thread_status="error", interrupts=[QUESTION]))
    interrupt = Interrupt.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert (interrupt.status, interrupt.resume_run_id) == ("pending", None)


def test_the_thread_of_a_stateless_run_ends_with_it(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant, temporary=True, keep=False)
    run = claimed(worker, tenant, thread)
    worker.settle(ended(run))
    thread.refresh_from_db()
    assert thread.ended_at is not None


def test_a_settle_that_meets_our_own_timeout_goes_again(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant)
    run = claimed(worker, tenant, thread)

    async def impatient() -> None:
        async with worker.database.pool.connection() as connection:
            await connection.execute("set transaction_timeout = '100ms'")

    worker.run(impatient())
    with transaction.atomic():
        list(Thread.objects.for_tenant(tenant.tenant_id).select_for_update().filter(thread_id=thread.thread_id))
        settling = worker.start(worker.database.settle([ended(run)], wait=True))
        time.sleep(0.4)
        assert not settling.done()
    assert settling.result(10) == [("settled", False)]


def test_a_batch_does_not_wait_for_a_held_thread_and_its_neighbours_are_settled(worker: Worker, tenant: Tenant) -> None:
    thread = builders.make_thread(tenant)
    held, free = claimed(worker, tenant, thread), claimed(worker, tenant, builders.make_thread(tenant))
    with transaction.atomic():
        list(Thread.objects.for_tenant(tenant.tenant_id).select_for_update().filter(thread_id=thread.thread_id))
        busy, settled = worker.settle(ended(held), ended(free))
        assert (type(busy), settled) == (Busy, ("settled", False))
        alone = worker.start(worker.database.settle([ended(held)], wait=True))
    assert alone.result(10) == [("settled", False)]


def test_a_question_that_has_changed_is_stored_as_it_is_now(tenant: Tenant, worker: Worker) -> None:
    thread = builders.make_thread(tenant)
    first = claimed(worker, tenant, thread)
    worker.settle(ended(first, thread_status="interrupted", interrupts=[(*QUESTION[:8], '{"value":{"q":1},"schema":null}')]))
    second = claimed(worker, tenant, thread, resume_ids=["b" * 32])
    changed = (*QUESTION[:5], '{"q": 2}', None, QUESTION[7], '{"value":{"q":2},"schema":null}')
    worker.settle(ended(second, thread_status="interrupted", interrupts=[changed]))
    row = Interrupt.objects.for_tenant(tenant.tenant_id).get(thread_id=thread.thread_id)
    assert (row.status, row.value, row.proposal, row.former) == ("pending", {"q": 2}, changed[8], '{"value":{"q":1},"schema":null}')
    assert (row.assistant_id, row.requester) == (first.assistant_id, first.created_by)
