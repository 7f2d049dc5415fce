"""What reading costs does not grow with the tenant: rows and blocks touched with 200 and with 20,000 threads, as PostgreSQL counts them"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.db import connection, transaction

from runs.models import Thread
from runs.services.runs import list_runs
from runs.services.search import RARE, count_threads, search_threads
from runs.services.state import get_history, get_state, update_state
from runs.services.threads import create_thread
from runs.wire.runs import RunList
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StateUpdate
from runs.wire.threads import ThreadCreate, ThreadSearch
from tenants.actors import Actor
from tenants.database.context import acting_for
from tests import crowds, stack
from tests.builders import actor_of, make_run, make_tenant

FEW, MANY = 200, 20_000
# Entries of all our tables, their indexes and what is stored beside them, and accesses to their blocks, in this transaction.
TOUCHED = """
select coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid)), 0)::int, coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0)::int
  from pg_class c where c.relkind in ('r', 'i', 't') and c.relnamespace in ('holdfast'::regnamespace, 'pg_toast'::regnamespace)"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Somebody of a tenant with so many threads; one of these has a history and runs that have grown with it."""

    actor: Actor
    thread_id: UUID
    size: int


@dataclass(frozen=True, slots=True)
class Touched:
    """What a use case reads."""

    rows: int
    blocks: int


Use = Callable[[Crowd], object]


@pytest.fixture(scope="module")
def few(database: None) -> Crowd:
    """A small tenant."""
    return crowd(FEW)


@pytest.fixture(scope="module")
def many(database: None) -> Crowd:
    """A large one."""
    return crowd(MANY)


def crowd(size: int) -> Crowd:
    """A tenant with so many threads; a neighbour has as many checkpoints, for nobody has a table to themselves."""
    tenant, url = make_tenant(), stack.admin_url(stack.own_database())
    actor = actor_of(tenant)
    thread, neighbour = written(actor), written(actor_of(make_tenant()))
    crowds.lengthen(url, f"{neighbour.tenant_id}:{neighbour.thread_id}", size)
    crowds.lengthen(url, f"{tenant.tenant_id}:{thread.thread_id}", size // 20)
    crowds.repeat(url, make_run(tenant, thread).run_id, size // 20)
    crowds.fill(url, tenant.tenant_id, size)
    return Crowd(actor, thread.thread_id, size)


def written(actor: Actor) -> Thread:
    """A thread with one checkpoint."""
    with acting_for(actor.tenant_id):
        thread = create_thread(actor=actor, request=ThreadCreate.parse({"metadata": {"graph_id": "slow"}}))
        update_state(actor=actor, thread_id=thread.thread_id, request=StateUpdate({"tick": 1}))
    return thread


def touched(crowd: Crowd, use: Use) -> Touched:
    """What it reads, when plans and catalogue are known already."""
    with acting_for(crowd.actor.tenant_id):
        use(crowd)
        with transaction.atomic():
            rows, blocks = _counters()
            use(crowd)
            more_rows, more_blocks = _counters()
    return Touched(more_rows - rows, more_blocks - blocks)


def _counters() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED)
        ((rows, blocks),) = cursor.fetchall()
    return rows, blocks


def search(**body: object) -> Use:
    """A search."""
    return lambda crowd: search_threads(actor=crowd.actor, request=ThreadSearch.parse(body))


def count(**body: object) -> Use:
    """A count."""
    return lambda crowd: count_threads(actor=crowd.actor, request=ThreadSearch.parse(body))


def history(**fields: object) -> Use:
    """A page of the long history."""
    return lambda crowd: get_history(actor=crowd.actor, thread_id=crowd.thread_id, request=HistoryRequest(**fields))  # type: ignore[arg-type]


SORTS = ("thread_id", "status", "created_at", "updated_at", "state_updated_at")
FLAT: dict[str, Use] = {
    "search": search(),
    **{f"search by {key}, {order}": search(sort_by=key, sort_order=order) for key in SORTS for order in ("asc", "desc")},
    "search of a status": search(status="interrupted"),
    "search of a status, oldest first": search(status="error", sort_order="asc"),
    "second page": search(offset=100),
    "search of a user": search(metadata={"user": "u3"}),
    "search of a user and what all have": search(metadata={"graph_id": "chat", "user": "u3"}),
    "search of one thread": search(metadata={"ticket": 190}),
    "search of what all have": search(metadata={"graph_id": "chat"}),
    "second page of what all have": search(metadata={"graph_id": "chat"}, offset=50),
    "search of what a tenth have": search(metadata={"bucket": 3}),
    "search of two pairs": search(metadata={"bucket": 3, "next": 4}),
    "search of a pair and a status": search(metadata={"bucket": 4}, status="idle"),
    "search of what nobody has": search(metadata={"user": "nobody"}),
    "search of common values": search(values={"topic": "t3"}),
    "search of a user's values": search(metadata={"user": "u3"}, values={"topic": "t3"}),
    "search with parts": search(select=["thread_id"], extract={"topic": "values.topic", "user": "metadata.user"}),
    "search of ids": lambda crowd: search(ids=[str(crowd.thread_id)])(crowd),
    "count of a user": count(metadata={"user": "u3"}),
    "count of a user and what all have": count(metadata={"graph_id": "chat", "user": "u3"}),
    "count of what nobody has": count(metadata={"user": "nobody"}),
    "state": lambda crowd: get_state(actor=crowd.actor, thread_id=crowd.thread_id, at=StateAt(CheckpointRef(), False)),
    "history": history(limit=10),
    "history before": history(limit=10, before="10000000-0000-6000-8000-000000000008"),
    "history of a source": history(limit=5, metadata={"source": "update"}),
    "runs": lambda crowd: list_runs(actor=crowd.actor, thread_id=crowd.thread_id, request=RunList.parse({})),
}


# To learn that a pair is common, its first entries are counted: with 200 threads there are not as many.
PROBED = {
    "search of a user and what all have": 1,
    "search of what a tenth have": 1,
    "search of two pairs": 2,
    "search of a pair and a status": 1,
    "count of a user and what all have": 1,
}


@pytest.mark.parametrize("name", FLAT)
def test_what_is_read_does_not_grow(few: Crowd, many: Crowd, name: str) -> None:
    before, after = touched(few, FLAT[name]), touched(many, FLAT[name])
    assert after.rows <= before.rows * 1.2 + PROBED.get(name, 0) * (RARE + 50) + 4, (before, after)
    assert after.blocks <= before.blocks * 1.2 + after.rows + 8, (before, after)  # each look-up may go one level deeper


COUNTED = {
    "all": count(),
    "of a status": count(status="idle"),
    "of a pair": count(metadata={"bucket": 3}),
    "of a pair that all have": count(metadata={"graph_id": "chat"}),
}


@pytest.mark.parametrize("name", COUNTED)
def test_counting_reads_index_entries_of_what_it_counts(many: Crowd, name: str) -> None:
    with acting_for(many.actor.tenant_id):
        counted = COUNTED[name](many)
    assert isinstance(counted, int) and counted >= many.size / 10
    found = touched(many, COUNTED[name])
    assert found.rows <= counted * 1.1 + 1100  # a pair is known to be common after the first 500
    assert found.blocks <= counted / 20
