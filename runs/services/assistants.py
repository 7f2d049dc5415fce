"""Deleting an assistant together with its threads."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from assistants.services import assistants
from runs.lifecycle.thread_metadata import index_pairs
from runs.models import Interrupt, Thread, ThreadMetadata
from runs.models.thread import ThreadQuerySet
from runs.services.threads import delete_thread
from tenants.actors import Actor
from tenants.exceptions import NotFound
from tenants.policy import Permission, may, require, require_own

PAGE = 100


def delete_assistant(*, actor: Actor, assistant_id: UUID, threads: bool, now: datetime) -> None:
    """Delete an assistant; `threads`: first, also the threads whose `metadata.assistant_id` it is.

    There may be thousands, so each goes in a transaction of its own and the assistant last: what was cut short is finished by asking again.
    Nothing is deleted unless everything may be. Raises NotFound, NotAllowed.
    """
    if threads:
        assistants.require_deletable(actor, assistant_id)
        _require_deletable_threads(actor, assistant_id)
        for thread_id in _thread_ids(actor, assistant_id):
            try:
                delete_thread(actor=actor, thread_id=thread_id)
            except NotFound:
                continue  # somebody else was first
    assistants.delete_assistant(actor=actor, assistant_id=assistant_id, now=now)


def _require_deletable_threads(actor: Actor, assistant_id: UUID) -> None:
    """Before the first is gone; `delete_thread` asks again for each, with its row locked."""
    found = _threads(actor, assistant_id)
    if not may(actor, Permission.THREAD_DELETE):
        for owner in found.order_by("owner").values_list("owner", flat=True).distinct():
            require_own(actor, owner, Permission.THREAD_DELETE_OWN, Permission.THREAD_DELETE)
    if not may(actor, Permission.STATE_UPDATE):
        interrupts = Interrupt.objects.for_tenant(actor.tenant_id).pending()
        if interrupts.filter(thread_id__in=found.values("thread_id")).exists():
            require(actor, Permission.STATE_UPDATE)


def _thread_ids(actor: Actor, assistant_id: UUID) -> Iterator[UUID]:
    """In pages, each read when the one before has been worked off."""
    after = UUID(int=0)
    while page := list(
        _threads(actor, assistant_id).filter(thread_id__gt=after).order_by("thread_id").values_list("thread_id", flat=True)[:PAGE]
    ):
        yield from page
        after = page[-1]


def _threads(actor: Actor, assistant_id: UUID) -> ThreadQuerySet:
    ((key, value),) = index_pairs({"assistant_id": str(assistant_id)}).items()
    index = ThreadMetadata.objects.for_tenant(actor.tenant_id).filter(key=key, value=value)
    return Thread.objects.for_tenant(actor.tenant_id).unended().filter(thread_id__in=index.values("thread_id"))
