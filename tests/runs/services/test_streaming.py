"""Who may follow what, and what it costs to begin."""

from uuid import uuid4

import pytest

from runs.services.streaming import Joining, watch_run, watch_thread
from tenants.exceptions import NotFound
from tenants.models import Tenant
from tests.builders import Person, make_run, make_thread
from tests.statements import statements


def test_a_stream_begins_with_one_statement(tenant: Tenant, owner: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    run = make_run(tenant, thread)
    with statements() as of_run:
        watch_run(actor=owner.actor, thread_id=thread.thread_id, run_id=run.run_id, joining=Joining())
    with statements() as of_thread:
        watch_thread(actor=owner.actor, thread_id=thread.thread_id, modes={"run_modes"}, after=None)
    assert (len(of_run), len(of_thread)) == (1, 1)


def test_thread_of_another_tenant_cannot_be_followed(tenant: Tenant, owner: Person, stranger: Person) -> None:
    thread = make_thread(tenant, owner.actor)
    for thread_id in (thread.thread_id, uuid4()):
        with pytest.raises(NotFound):
            watch_thread(actor=stranger.actor, thread_id=thread_id, modes={"run_modes"}, after=None)
