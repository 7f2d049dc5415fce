"""Accepting a batch of runs without threads."""

from typing import Any
from uuid import uuid4

import pytest

from runs.models import Run, Thread
from runs.services.runs import create_run
from runs.services.stateless import create_batch
from runs.wire.runs import RunRequest
from tenants.actors import Role
from tenants.exceptions import BadRequest, NotAllowed, NotFound
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of
from tests.statements import statements


def bodies(*extra: dict[str, Any]) -> list[RunRequest]:
    """Two good bodies and these."""
    good = {"assistant_id": "approval", "input": {"mode": "none"}}
    return RunRequest.parse_batch([good, good, *extra])


def test_each_has_a_hidden_thread_of_its_own(tenant: Tenant, owner: Person) -> None:
    runs = create_batch(actor=owner.actor, requests=bodies())
    threads = Thread.objects.for_tenant(tenant.tenant_id).all()
    assert {run.thread_id for run in runs} == {thread.thread_id for thread in threads}
    assert all(thread.temporary and thread.owner == owner.actor.identity for thread in threads)
    assert AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action="run.create").count() == 2


@pytest.mark.parametrize(
    ("bad", "error"), [({"assistant_id": str(uuid4())}, NotFound), ({"assistant_id": "approval", "command": {"resume": 1}}, BadRequest)]
)
def test_one_that_is_refused_leaves_nothing_of_the_others(tenant: Tenant, owner: Person, bad: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        create_batch(actor=owner.actor, requests=bodies(bad))
    assert not Run.objects.for_tenant(tenant.tenant_id).exists()
    assert not Thread.objects.for_tenant(tenant.tenant_id).exists()


def test_who_may(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed, match=r"run\.create"):
        create_batch(actor=actor_of(tenant, Role.REVIEWER), requests=bodies())


def test_one_statement_for_each_and_one_for_their_assistant(tenant: Tenant, owner: Person) -> None:
    create_run(actor=owner.actor, thread_id=None, request=bodies()[0], streamed=False)
    with statements() as sent:
        create_batch(actor=owner.actor, requests=bodies())
    assert len(sent) == 3
