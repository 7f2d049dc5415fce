"""Checkpoints, writes and events land only in the thread of a run that is running under that attempt."""

from uuid import UUID, uuid4

from django.db import connection, transaction

from runs.checkpoints.saver import Head, Rows, RunContext, StaleWriter
from runs.engine.database import Busy, Claimed
from runs.models import Run, RunEvent
from tenants.models import Tenant
from tests import builders
from tests.runs.engine.conftest import Worker


def checkpoint() -> Rows:
    """A root checkpoint with a blob, a pending write and an event."""
    head = str(uuid4())
    return Rows(
        blobs=[("", "messages", "1", "msgpack", b"\x90")],
        writes=[("", head, "task", "", 0, "messages", "msgpack", b"\x90")],
        checkpoints=[("", head, None, '{"v": 4}', '{"step": 0}')],
        events=[(1, "values", b"{}")],
    )


def running(worker: Worker, tenant: Tenant) -> Claimed:
    """A run of a thread of its own, claimed."""
    served = uuid4().hex
    builders.make_run(tenant, builders.make_thread(tenant), "pending", graph_fingerprint=served)
    return worker.claim(served, 1)[0]


def context_of(run: Claimed, attempt: int | None = None, thread_id: UUID | None = None) -> RunContext:
    """As the saver knows it; or a forged one."""
    return RunContext(run.tenant_id, run.run_id, thread_id or run.thread_id, attempt or run.attempt, False, Head())


def stored(thread_id: UUID) -> list[int]:
    """Rows of the thread in each of LangGraph's tables."""
    counts = []
    with connection.cursor() as cursor:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            cursor.execute(f"select count(*) from {table} where thread_id like %s", [f"%:{thread_id}"])
            counts.append(int(cursor.fetchone()[0]))
    return counts


def test_rows_of_several_runs_are_one_statement(worker: Worker, tenant: Tenant, statements: list[str]) -> None:
    runs = [running(worker, tenant) for _ in range(3)]
    statements.clear()
    assert worker.write(*((context_of(run), checkpoint()) for run in runs)) == [None, None, None]
    assert len(statements) == 1
    assert [stored(run.thread_id) for run in runs] == [[1, 1, 1]] * 3
    assert RunEvent.objects.for_tenant(tenant.tenant_id).count() == 3


def test_a_stale_attempt_writes_nothing_even_beside_the_live_one(worker: Worker, tenant: Tenant) -> None:
    run = running(worker, tenant)
    outcomes = worker.write((context_of(run, attempt=7), checkpoint()), (context_of(run), checkpoint()))
    assert isinstance(outcomes[0], StaleWriter)
    assert outcomes[1] is None
    assert stored(run.thread_id) == [1, 1, 1]


def test_a_forged_thread_is_not_where_the_rows_go(worker: Worker, tenant: Tenant) -> None:
    run, victim = running(worker, tenant), builders.make_thread(tenant)
    worker.write((context_of(run, thread_id=victim.thread_id), checkpoint()))
    assert stored(victim.thread_id) == [0, 0, 0]
    assert stored(run.thread_id) == [1, 1, 1]


def test_a_run_that_was_handed_back_writes_nothing(worker: Worker, tenant: Tenant) -> None:
    run = running(worker, tenant)
    worker.hand_back(run)
    assert isinstance((worker.write((context_of(run), checkpoint())))[0], StaleWriter)
    assert stored(run.thread_id) == [0, 0, 0]


def test_one_key_twice_in_a_flush_is_written_once(worker: Worker, tenant: Tenant) -> None:
    run, rows = running(worker, tenant), checkpoint()
    assert worker.write((context_of(run), rows), (context_of(run), Rows(rows.blobs, rows.writes, rows.checkpoints))) == [
        None,
        None,
    ]
    assert stored(run.thread_id) == [1, 1, 1]


def test_a_batch_does_not_wait_for_a_held_run_and_its_neighbours_are_written(worker: Worker, tenant: Tenant) -> None:
    held, free = running(worker, tenant), running(worker, tenant)
    with transaction.atomic():
        list(Run.objects.for_tenant(tenant.tenant_id).select_for_update().filter(run_id=held.run_id))
        outcomes = worker.write((context_of(held), checkpoint()), (context_of(free), checkpoint()))
        assert [type(outcome) for outcome in outcomes] == [Busy, type(None)]
        assert stored(held.thread_id) == [0, 0, 0]
        alone = worker.start(worker.database.write([(context_of(held), checkpoint())], wait=True))
    assert alone.result(10) == [None]
    assert stored(held.thread_id) == [1, 1, 1]
