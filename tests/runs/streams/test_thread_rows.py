"""What readers of a thread ask PostgreSQL."""

import pytest

from runs.streams import rows, thread_rows
from runs.streams.thread_rows import ThreadRef
from runs.wire.events import LAST, REPLAY, Cursor
from tenants.database.threads import in_database
from tenants.models import Tenant
from tests.runs.streams.made import EPOCH, claimed, finished, idle, stored
from tests.statements import statements


async def test_pages_of_a_replay_hide_nothing(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_rows, "RUNS", 2)
    monkeypatch.setattr(thread_rows, "PAGE", 3)
    thread = await in_database(idle, tenant)

    def past() -> None:
        for number in range(6):
            run = finished(claimed(thread, resumable=True, epoch_ms=EPOCH + number))
            if number != 3:  # whose events have expired
                stored(run, *["values"] * number, epoch_ms=EPOCH + number)

    def replayed() -> list[Cursor]:
        found: list[Cursor] = []
        more, after = True, REPLAY
        while more:
            page, more = thread_rows.events_after(ThreadRef(thread.tenant_id, thread.thread_id, None, thread.epoch_ms), after)
            found += [event.cursor for event in page]
            after = found[-1]
        return found

    await in_database(past)
    assert await in_database(replayed) == [(EPOCH + run, n + 1) for run in (1, 2, 4, 5) for n in range(run + 1)]


def test_each_question_about_a_thread_is_one_statement(tenant: Tenant) -> None:
    thread = idle(tenant)
    for number in range(5):
        finished(stored(claimed(thread, resumable=bool(number % 2), epoch_ms=EPOCH + number), "values", epoch_ms=EPOCH + number))
    ref = ThreadRef(thread.tenant_id, thread.thread_id, None, thread.epoch_ms)
    with statements() as asked:
        assert thread_rows.standing(ref) == thread_rows.Standing(EPOCH + 4, False, 0, None, None)
        page, more = thread_rows.events_after(ref, REPLAY)
        ends = thread_rows.ended_since(ref, (EPOCH, 1))
    assert [event.cursor for event in page] == [(EPOCH + 1, 1), (EPOCH + 1, 2), (EPOCH + 3, 1), (EPOCH + 3, 2)]
    assert [event.cursor for event in ends] == [(EPOCH, LAST), (EPOCH + 2, LAST), (EPOCH + 4, LAST)]
    assert (len(asked), more) == (3, False)


def test_poll_is_one_statement_for_all_readers(tenant: Tenant) -> None:
    first, second = idle(tenant), idle(tenant)
    claimed(second)
    refs = [ThreadRef(thread.tenant_id, thread.thread_id, None, 0) for thread in (first, second)]
    refs.append(ThreadRef(tenant.tenant_id, tenant.tenant_id, None, 0))
    with statements() as asked:
        answers = rows.poll(refs)
    assert answers == [rows.Answer("idle", True, EPOCH - 1), rows.Answer("busy", True, EPOCH), rows.Answer(None, True, 0)]
    assert len(asked) == 1
