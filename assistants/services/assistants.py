"""Use cases of assistants: create, read, change, delete, search."""

from datetime import datetime
from threading import Lock
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.db.models import F, OrderBy
from django.db.models.functions import Lower

from assistants.models import Assistant
from assistants.models.assistant import AssistantQuerySet
from assistants.registry.loader import registry
from assistants.services.writes import insert_assistant, insert_builtins, update_assistant_row
from assistants.wire import AssistantCreate, AssistantFilter, AssistantPatch, AssistantSearch
from tenants.actors import Actor
from tenants.exceptions import Conflict, NotFound
from tenants.models import Json
from tenants.policy import Permission, require
from tenants.services import audit
from tenants.validation import path_id

BUILTIN_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")
REMEMBERED_TENANTS = 10_000
LARGE = ("config", "context", "metadata")


class EnsuredTenants:
    """Which tenants this process knows to have their built-in assistants; bounded."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.known: set[tuple[UUID, tuple[str, ...]]] = set()

    def remember(self, key: tuple[UUID, tuple[str, ...]]) -> None:
        """From now on no statement is needed. Forgets all others when full: they cost one statement again."""
        with self.lock:
            if len(self.known) >= REMEMBERED_TENANTS:
                self.known = set()
            self.known.add(key)


ensured = EnsuredTenants()


def builtin_id(graph_id: str) -> UUID:
    """The id of a graph's built-in assistant: the same in every tenant and on the official server."""
    return uuid5(BUILTIN_NAMESPACE, graph_id)


def resolve_id(name_or_uuid: str) -> UUID:
    """The assistant a request means: a graph's name is its built-in one. No query: it may not exist. Raises Invalid for other text."""
    return builtin_id(name_or_uuid) if name_or_uuid in registry().entries else path_id(name_or_uuid, "assistant")


def ensure_builtins(tenant_id: UUID) -> None:
    """Make one assistant per graph, at most one statement per process, tenant and set of graphs. A deleted one stays deleted."""
    graphs = registry()
    key = (tenant_id, tuple(graphs.entries))
    if key not in ensured.known:
        insert_builtins(tenant_id, [(builtin_id(graph.graph_id), graph.graph_id, graph.description) for graph in graphs])
        transaction.on_commit(lambda: ensured.remember(key))  # not before: the caller's transaction may roll back


@transaction.atomic
def create_assistant(*, actor: Actor, request: AssistantCreate) -> Assistant:
    """Create with version 1. `if_exists` decides what an id that is taken means; one that was deleted comes back as a new version."""
    require(actor, Permission.ASSISTANT_CREATE)
    ensure_builtins(actor.tenant_id)
    registry().get(request.graph_id)
    row = Assistant(
        tenant_id=actor.tenant_id,
        assistant_id=request.assistant_id or uuid4(),
        graph_id=request.graph_id,
        name=request.name,
        description=request.description,
        config=request.config,
        context=request.context,
        metadata=request.metadata,
        version=1,
    )
    if not insert_assistant(row, actor.identity):
        taken = Assistant.objects.for_tenant(actor.tenant_id).select_for_update().get(assistant_id=row.assistant_id)
        if taken.deleted_at is None:
            if request.if_exists == "do_nothing":
                return taken
            raise Conflict(f"Assistant {row.assistant_id} already exists")
        update_assistant_row(row, actor.identity)
    audit.record(actor, "assistant.create", "assistant", row.assistant_id, after=summary(row))
    return row


def get_assistant(*, actor: Actor, assistant_id: UUID) -> Assistant:
    """One assistant."""
    require(actor, Permission.ASSISTANT_READ)
    ensure_builtins(actor.tenant_id)
    row = Assistant.objects.for_tenant(actor.tenant_id).alive().filter(assistant_id=assistant_id).first()
    if row is None:
        raise NotFound("Not Found")
    return row


@transaction.atomic
def update_assistant(*, actor: Actor, assistant_id: UUID, request: AssistantPatch) -> Assistant:
    """Make a new version, also if nothing changes. Holds the row's lock: versions count up without gaps."""
    row = lock_assistant(actor, assistant_id)
    require(actor, Permission.ASSISTANT_UPDATE)
    before = summary(row)
    if request.graph_id is not None:
        registry().get(request.graph_id)
    _apply(row, request)
    update_assistant_row(row, actor.identity)
    audit.record(actor, "assistant.update", "assistant", assistant_id, before=before, after=summary(row))
    return row


@transaction.atomic
def delete_assistant(*, actor: Actor, assistant_id: UUID, now: datetime) -> None:
    """Delete softly: runs keep their reference, and a built-in one does not come back by itself."""
    row = lock_assistant(actor, assistant_id, missing=f"Assistant with ID {assistant_id} not found")
    require(actor, Permission.ASSISTANT_DELETE)
    Assistant.objects.for_tenant(actor.tenant_id).filter(assistant_id=assistant_id).update(deleted_at=now)
    audit.record(actor, "assistant.delete", "assistant", assistant_id, before=summary(row))


def require_deletable(actor: Actor, assistant_id: UUID) -> None:
    """Raise what `delete_assistant` would: NotFound, NotAllowed."""
    ensure_builtins(actor.tenant_id)
    if not Assistant.objects.for_tenant(actor.tenant_id).alive().filter(assistant_id=assistant_id).exists():
        raise NotFound(f"Assistant with ID {assistant_id} not found")
    require(actor, Permission.ASSISTANT_DELETE)


def search_assistants(*, actor: Actor, request: AssistantSearch) -> tuple[list[Assistant], bool]:
    """One page, and whether there is another; only the columns asked for are read."""
    require(actor, Permission.ASSISTANT_READ)
    ensure_builtins(actor.tenant_id)
    rows = _filtered(actor, request.filter).order_by(*_order(request))
    unread = [column for column in LARGE if request.select and column not in request.select]
    found = list(rows.defer(*unread)[request.offset : request.offset + request.limit + 1])
    for row in found:
        row.__dict__.update(dict.fromkeys(unread))  # a deferred column would be read row by row when the wire looks at it
    return found[: request.limit], len(found) > request.limit


def count_assistants(*, actor: Actor, request: AssistantFilter) -> int:
    """How many match."""
    require(actor, Permission.ASSISTANT_READ)
    ensure_builtins(actor.tenant_id)
    return _filtered(actor, request).count()


def lock_assistant(actor: Actor, assistant_id: UUID, missing: str | None = None) -> Assistant:
    """The row, locked. Raises NotFound with the text of the route."""
    ensure_builtins(actor.tenant_id)
    row = Assistant.objects.for_tenant(actor.tenant_id).alive().select_for_update().filter(assistant_id=assistant_id).first()
    if row is None:
        raise NotFound(missing or f"Assistant {assistant_id} not found")
    return row


def summary(row: Assistant) -> Json:
    """What the audit log says about a state of an assistant: never its configuration, which may hold secrets."""
    return {"version": row.version, "graph_id": row.graph_id, "name": row.name}


def _order(request: AssistantSearch) -> list[OrderBy]:
    """Each order with the ties of its index, which is read forwards or backwards."""
    by: dict[str, list[OrderBy]] = {
        "assistant_id": [F("assistant_id").desc()],
        "created_at": [F("created_at").desc(), F("assistant_id").asc()],
        "updated_at": [F("updated_at").desc(), F("assistant_id").asc()],
        "name": [Lower("name").desc(), F("assistant_id").asc()],
        "graph_id": [F("graph_id").desc(), F("created_at").asc(), F("assistant_id").desc()],
    }
    order = by[request.sort_by]
    if not request.descending:
        for key in order:
            key.reverse_ordering()
    return order


def _apply(row: Assistant, request: AssistantPatch) -> None:
    """Metadata is merged, config and context are replaced."""
    row.graph_id = row.graph_id if request.graph_id is None else request.graph_id
    row.name = row.name if request.name is None else request.name
    row.description = row.description if request.description is None else request.description
    row.metadata = row.metadata | (request.metadata or {})
    row.config = row.config if request.config is None else request.config
    row.context = row.context if request.context is None else request.context


def _filtered(actor: Actor, request: AssistantFilter) -> AssistantQuerySet:
    rows = Assistant.objects.for_tenant(actor.tenant_id).alive()
    if request.graph_id is not None:
        rows = rows.filter(graph_id=registry().get(request.graph_id).graph_id)
    if request.metadata:
        rows = rows.filter(metadata__contains=request.metadata)
    return rows.filter(name__icontains=request.name) if request.name else rows
