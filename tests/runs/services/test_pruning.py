"""What threads take, and pruning them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from langgraph.types import Command

from assistants.registry.loader import registry
from runs.checkpoints.state import Place, with_graph
from runs.lifecycle.head import Cause, apply_head
from runs.lifecycle.transitions import lock_thread
from runs.models import Interrupt, Thread
from runs.services.copies import copy_thread
from runs.services.pruning import prune_threads, thread_storage
from runs.services.state import get_history, get_state, update_state
from runs.services.threads import create_thread
from runs.wire.state import CheckpointRef, HistoryRequest, StateAt, StateUpdate, state_json
from runs.wire.storage import PruneRequest, storage_json
from runs.wire.threads import ThreadCreate
from tenants.actors import Actor, Role
from tenants.database.context import acting_for
from tenants.exceptions import Conflict, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_run, make_thread
from tests.runs.services.pauses import open_ids, paused
from tests.statements import statements

EVERYTHING = HistoryRequest(100)


def pruned(actor: Actor, *thread_ids: UUID, strategy: str = "keep_latest") -> int:
    """How many."""
    return prune_threads(actor=actor, request=PruneRequest(thread_ids, strategy))


def driven(thread: Thread, graph_id: str, *inputs: Any) -> None:
    """Runs of a graph on a thread, with its row made equal to the head, as a worker would."""
    place = Place(thread.tenant_id, thread.thread_id)

    async def drive(graph: Any) -> Any:
        for each in inputs:
            await graph.ainvoke(each, place.config())
        return await graph.aget_state(place.config())

    with transaction.atomic():
        held = lock_thread(thread.tenant_id, thread.thread_id)
        assert held is not None
        head = with_graph(registry().get(graph_id), place, drive)
        apply_head(held, head, Cause(actor_of(Tenant(tenant_id=thread.tenant_id)), "run:test"))


def nested(owner: Person, *inputs: Any) -> Thread:
    """A thread of the graph with subgraphs."""
    thread = create_thread(actor=owner.actor, request=ThreadCreate.parse({"metadata": {"graph_id": "nested"}}))
    driven(thread, "nested", *inputs)
    return thread


def shown(owner: Person, thread: Thread) -> Any:
    """The state with those of its subgraphs, but for the parents, which may be gone, and the thread's own id."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            dropped = ("parent_checkpoint", "parent_checkpoint_id", "thread_id")
            return {key: without(part) for key, part in value.items() if key not in dropped}
        return [without(part) for part in value] if isinstance(value, list) else value

    return without(state_json(get_state(actor=owner.actor, thread_id=thread.thread_id, at=StateAt(CheckpointRef(), True))))


def namespaces(thread: Thread) -> list[str]:
    """One for each checkpoint that is left."""
    with connection.cursor() as cursor:
        cursor.execute("select checkpoint_ns from checkpoints where thread_id = %s", [f"{thread.tenant_id}:{thread.thread_id}"])
        return sorted(row[0].partition(":")[0] for row in cursor.fetchall())


def test_storage_counts_checkpoints_values_and_writes(owner: Person) -> None:
    empty = create_thread(actor=owner.actor, request=ThreadCreate.parse({}))
    told = storage_json(empty.thread_id, thread_storage(actor=owner.actor, thread_id=empty.thread_id))
    none = {"count": 0, "bytes": 0}
    assert told == {
        "thread_id": str(empty.thread_id),
        "total_bytes": 0,
        "checkpoints": none,
        "channel_values": none | {"by_channel": {}},
        "pending_writes": none,
    }
    thread = nested(owner, {"text": "hi", "pause": True})
    told = storage_json(thread.thread_id, thread_storage(actor=owner.actor, thread_id=thread.thread_id))
    assert told["checkpoints"]["count"] == len(namespaces(thread))
    by_channel = told["channel_values"]["by_channel"]
    assert "trail" in by_channel and sum(kind["bytes"] for kind in by_channel.values()) == told["channel_values"]["bytes"] > 0
    kinds = ("checkpoints", "channel_values", "pending_writes")
    assert told["total_bytes"] == sum(told[kind]["bytes"] for kind in kinds) and told["pending_writes"]["count"] > 0


def test_what_is_left_is_what_the_heads_need(owner: Person) -> None:
    thread = nested(owner, {"text": "a"}, {"text": "b", "pause": True})
    copy = copy_thread(actor=owner.actor, thread_id=thread.thread_id)
    before = thread_storage(actor=owner.actor, thread_id=thread.thread_id)
    assert pruned(owner.actor, thread.thread_id) == 1
    assert namespaces(thread) == ["", "middle"]  # of the first run's calls nothing is left
    after = thread_storage(actor=owner.actor, thread_id=thread.thread_id)
    assert after.checkpoints.count == 2 < before.checkpoints.count
    assert after.channels["trail"].count <= 2 < before.channels["trail"].count
    assert 0 < after.pending_writes.count < before.pending_writes.count
    assert shown(owner, thread) == shown(owner, copy)
    (state,) = get_history(actor=owner.actor, thread_id=thread.thread_id, request=EVERYTHING)
    assert state.parent_config is None
    for each in (thread, copy):
        driven(each, "nested", Command(resume="go on"))
    ours, theirs = shown(owner, thread), shown(owner, copy)
    assert ours["values"] == theirs["values"] and ours["values"]["trail"][-2] == "gate:go on" and ours["next"] == []


def test_a_finished_thread_keeps_its_root_alone(owner: Person) -> None:
    thread = nested(owner, {"text": "a"})
    before = shown(owner, thread)
    pruned(owner.actor, thread.thread_id)
    assert namespaces(thread) == [""] and shown(owner, thread) == before
    assert pruned(owner.actor, thread.thread_id) == 1 and namespaces(thread) == [""]
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=StateUpdate.parse({"values": {"trail": ["more"]}}))
    assert shown(owner, thread)["values"]["trail"] == [*before["values"]["trail"], "more"]


def test_open_interrupts_survive_keep_latest_and_are_discarded_by_delete(tenant: Tenant, owner: Person) -> None:
    thread, row = paused(tenant, owner.actor), Thread.objects.for_tenant(tenant.tenant_id)
    (name,) = open_ids(thread)
    admin = actor_of(tenant, Role.ADMIN)
    before = row.get(thread_id=thread.thread_id)
    pruned(admin, thread.thread_id)
    after = row.get(thread_id=thread.thread_id)
    assert open_ids(thread) == [name]
    assert (after.status, after.interrupts, after.values, after.head_checkpoint_id) == (
        before.status,
        before.interrupts,
        before.values,
        before.head_checkpoint_id,
    )
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="thread.prune", target_id=str(thread.thread_id))
    assert event.after == {"strategy": "keep_latest", "checkpoints": 2}
    pruned(admin, thread.thread_id, strategy="delete")
    assert not Interrupt.objects.for_tenant(tenant.tenant_id).exists() and namespaces(thread) == []
    event = AuditEvent.objects.for_tenant(tenant.tenant_id).get(action="thread.delete", target_id=str(thread.thread_id))
    assert event.before == {"status": "interrupted", "discarded": [name]}


@pytest.mark.parametrize("strategy", ["delete", "keep_latest"])
def test_unknown_and_foreign_threads_are_skipped(tenant: Tenant, owner: Person, stranger: Person, strategy: str) -> None:
    ours = nested(owner, {"text": "a"})
    with acting_for(stranger.actor.tenant_id):
        assert pruned(stranger.actor, ours.thread_id, uuid4(), strategy=strategy) == 0
        own = make_thread(Tenant(tenant_id=stranger.actor.tenant_id), stranger.actor)
        assert pruned(stranger.actor, ours.thread_id, own.thread_id, strategy=strategy) == 1
        with pytest.raises(NotFound):
            thread_storage(actor=stranger.actor, thread_id=ours.thread_id)
    assert len(namespaces(ours)) > 1 and not AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="thread.prune").exists()
    assert pruned(owner.actor, strategy=strategy) == 0


@pytest.mark.parametrize("strategy", ["delete", "keep_latest"])
def test_one_that_cannot_be_pruned_keeps_all(tenant: Tenant, owner: Person, strategy: str) -> None:
    thread, busy, foreign = nested(owner, {"text": "a"}), make_thread(tenant, owner.actor), make_thread(tenant)
    make_run(tenant, busy, status="pending")
    with pytest.raises(Conflict, match=f"in-flight runs cannot be pruned: {busy.thread_id}"):
        pruned(owner.actor, thread.thread_id, busy.thread_id, strategy=strategy)
    with pytest.raises(NotAllowed, match=r"thread\.delete"):
        pruned(owner.actor, thread.thread_id, foreign.thread_id, strategy=strategy)
    assert len(namespaces(thread)) > 1


def test_operators_discard_no_gates(tenant: Tenant) -> None:
    operator = actor_of(tenant, Role.OPERATOR)
    thread = make_thread(tenant, operator, interrupted=True)
    assert pruned(operator, thread.thread_id) == 1
    with pytest.raises(NotAllowed, match=r"state\.update"):
        pruned(operator, thread.thread_id, strategy="delete")


def test_a_state_made_of_its_history_is_left_alone(owner: Person) -> None:
    thread = nested(owner, {"text": "a"})
    with connection.cursor() as cursor:
        statement = "update checkpoints set metadata = metadata || '{\"counters_since_delta_snapshot\": {}}' where thread_id = %s"
        cursor.execute(statement, [f"{thread.tenant_id}:{thread.thread_id}"])
    with pytest.raises(Conflict, match="delta channels"):
        pruned(owner.actor, thread.thread_id)
    assert len(namespaces(thread)) > 1


def test_statements(tenant: Tenant, owner: Person) -> None:
    threads = [nested(owner, {"text": "a"}).thread_id for _ in range(2)]
    with statements() as sent:
        pruned(owner.actor, *threads)
    assert len(sent) == 2 + 3 * len(threads)  # lock, runs; of each: delta channels, pruning, audit
    with statements() as sent:
        thread_storage(actor=owner.actor, thread_id=threads[0])
    assert len(sent) == 2
    with statements() as sent:
        pruned(actor_of(tenant, Role.ADMIN), *threads, strategy="delete")
    assert len(sent) <= 11 + len(threads)
