"""A thread that is `interrupted` waits for a person, or was stopped: its rows tell"""

from collections.abc import Callable

import pytest

from runs.models import Thread
from runs.services.cancel import cancel_run
from runs.services.runs import create_run
from runs.services.state import update_state
from runs.wire.runs import RunRequest
from runs.wire.state import StateUpdate
from tenants.models import Tenant
from tests.builders import Person, make_run, make_thread
from tests.runs.services.pauses import invoke, open_ids, paused


def asks(tenant: Tenant, owner: Person) -> Thread:
    return paused(tenant, owner.actor)


def stops_before_a_node(tenant: Tenant, owner: Person) -> Thread:
    return make_thread(tenant, owner.actor, interrupted=True)


def has_its_answer_cancelled(tenant: Tenant, owner: Person) -> Thread:
    thread = paused(tenant, owner.actor)
    request = RunRequest.parse({"assistant_id": "approval", "command": {"resume": "x"}})
    run = create_run(actor=owner.actor, thread_id=thread.thread_id, request=request, streamed=False)
    cancel_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    assert open_ids(thread)
    return thread


def half_done(tenant: Tenant, owner: Person) -> Thread:
    thread = paused(tenant, owner.actor, "none")
    invoke(thread, {"mode": "none"}, interrupt_before=["act"])
    return thread


def was_cancelled(tenant: Tenant, owner: Person) -> Thread:
    thread = half_done(tenant, owner)
    run = make_run(tenant, thread, status="running")
    cancel_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id)
    return thread


def was_updated(tenant: Tenant, owner: Person) -> Thread:
    thread = paused(tenant, owner.actor)
    request = StateUpdate.parse({"values": {"answers": ["edited"]}, "as_node": "ask"})
    update_state(actor=owner.actor, thread_id=thread.thread_id, request=request)
    return thread


def was_cancelled_earlier(tenant: Tenant, owner: Person) -> Thread:
    thread = was_cancelled(tenant, owner)
    make_run(tenant, thread)
    return thread


@pytest.mark.parametrize(
    ("made", "waiting", "stopped"),
    [
        (asks, True, False),
        (stops_before_a_node, True, False),
        (has_its_answer_cancelled, True, False),
        (was_cancelled, False, True),
        (was_cancelled_earlier, False, False),
        (was_updated, False, False),
    ],
)
def test_why_a_thread_is_interrupted(
    tenant: Tenant, owner: Person, made: Callable[[Tenant, Person], Thread], waiting: bool, stopped: bool
) -> None:
    make_thread(tenant, owner.actor)
    thread = made(tenant, owner)
    threads = Thread.objects.for_tenant(tenant.tenant_id)
    assert threads.get(thread_id=thread.thread_id).status == "interrupted"
    wanted = [thread.thread_id]
    assert list(threads.waiting().values_list("thread_id", flat=True)) == (wanted if waiting else [])
    assert list(threads.stopped().values_list("thread_id", flat=True)) == (wanted if stopped else [])
