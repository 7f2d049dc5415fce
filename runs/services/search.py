"""Finding threads: by id, metadata and status, in pages."""

from itertools import islice
from typing import Any

from runs.lifecycle.thread_metadata import index_pairs
from runs.models import Thread, ThreadMetadata
from runs.models.thread import ThreadQuerySet
from runs.wire.threads import ThreadSearch
from tenants.actors import Actor
from tenants.policy import Permission, require

MOST_INDEXED = 4  # beyond, more look-ups cost more than they leave out; unbounded, one request could keep a thread busy for minutes
LARGE = ("values", "interrupts", "config", "metadata", "error")


def search_threads(*, actor: Actor, request: ThreadSearch) -> list[Thread]:
    """A page of the tenant's threads, and one more if there are more; only the columns asked for are read."""
    require(actor, Permission.THREAD_READ)
    found = _filtered(actor, request).order_by(*_order(request))
    unread = [column for column in LARGE if request.select and column not in request.select]
    rows = list(found.defer(*unread)[request.offset : request.offset + request.limit + 1])
    for row in rows:
        row.__dict__.update(dict.fromkeys(unread))  # a deferred column would be read row by row when the wire looks at it
    return rows


def count_threads(*, actor: Actor, request: ThreadSearch) -> int:
    """How many threads match."""
    require(actor, Permission.THREAD_READ)
    return _filtered(actor, request).count()


def _filtered(actor: Actor, request: ThreadSearch) -> ThreadQuerySet:
    found: Any = Thread.objects.for_tenant(actor.tenant_id).unended()
    if request.ids is not None:
        found = found.filter(thread_id__in=request.ids)
    if request.status is not None:
        found = found.filter(status=request.status)
    for key, value in islice(index_pairs(request.metadata).items(), MOST_INDEXED):
        index = ThreadMetadata.objects.for_tenant(actor.tenant_id).filter(key=key, value=value)
        found = found.filter(thread_id__in=index.values("thread_id"))
    if request.metadata:
        # Again: the index knows scalars of the first level only, long ones by digest.
        found = found.filter(metadata__contains=request.metadata)
    result: ThreadQuerySet = found
    return result


def _order(request: ThreadSearch) -> tuple[str, ...]:
    """Ties are broken in the direction that the indexes can be read in."""
    sign, other = ("-", "") if request.descending else ("", "-")
    if request.sort_by == "thread_id":
        return (f"{sign}thread_id",)
    return f"{sign}{request.sort_by}", f"{other}thread_id"
