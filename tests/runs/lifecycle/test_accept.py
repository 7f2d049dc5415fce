"""The statement that accepts a run."""

import pytest
from django.db import transaction

from runs.lifecycle.thread_metadata import index_pairs
from runs.lifecycle.transitions import ThreadChange, accept, lock_thread
from runs.models import Interrupt, Run
from tenants.exceptions import Conflict
from tenants.models import Tenant
from tests.builders import Person, make_interrupt, make_run, make_thread


def test_an_interrupt_that_is_not_pending_any_more_is_not_won(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    first, second = make_interrupt(tenant, thread), make_interrupt(tenant, thread, status="resolved")
    run = make_run(tenant, thread)
    new = Run(
        tenant_id=tenant.tenant_id,
        thread_id=thread.thread_id,
        assistant_id=run.assistant_id,
        assistant_version=1,
        graph_id="approval",
        graph_fingerprint="f",
        created_by=owner.actor.identity,
        resume_ids=[first.interrupt_id, second.interrupt_id],
    )
    with pytest.raises(Conflict, match="answered already"), transaction.atomic():
        held = lock_thread(tenant.tenant_id, thread.thread_id)
        assert held is not None
        accept(owner.actor, held, new, ThreadChange({}), {first.interrupt_id: 1, second.interrupt_id: 2})
    assert Run.objects.for_tenant(tenant.tenant_id).count() == 1
    assert Interrupt.objects.for_tenant(tenant.tenant_id).get(interrupt_id=first.interrupt_id).status == "pending"


def test_only_scalars_of_the_first_level_are_indexed() -> None:
    pairs = index_pairs({"a": "x", "n": 1.0, "t": True, "none": None, "deep": {}, "list": [], "k" * 300: "v", "big": 1e300})
    assert {key: value for key, value in pairs.items() if len(key) < 10} == {
        "a": '"x"',
        "n": "1",
        "t": "true",
        "none": "null",
        "big": "1e+300",
    }
    assert len(pairs) == 6
