"""Use cases of an assistant's versions: list them, roll back or forward."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists

from assistants.models import Assistant, AssistantVersion
from assistants.registry.loader import registry
from assistants.services.assistants import ensure_builtins, lock_assistant, summary
from assistants.wire import VersionSearch
from tenants.actors import Actor
from tenants.exceptions import NotFound
from tenants.policy import Permission, require
from tenants.services import audit

CONTENT = ("version", "graph_id", "name", "description", "config", "context", "metadata")


def list_versions(*, actor: Actor, assistant_id: UUID, request: VersionSearch) -> tuple[list[AssistantVersion], bool]:
    """One page, newest first, and whether there is another."""
    require(actor, Permission.ASSISTANT_READ)
    ensure_builtins(actor.tenant_id)
    assistant = Assistant.objects.for_tenant(actor.tenant_id).alive().filter(assistant_id=assistant_id)
    rows = AssistantVersion.objects.for_tenant(actor.tenant_id).filter(Exists(assistant), assistant_id=assistant_id)
    if request.metadata:
        rows = rows.filter(metadata__contains=request.metadata)
    found = list(rows.order_by("-version")[request.offset : request.offset + request.limit + 1])
    if not found and not assistant.exists():
        raise NotFound(f"Assistant {assistant_id} not found")
    return found[: request.limit], len(found) > request.limit


@transaction.atomic
def set_latest(*, actor: Actor, assistant_id: UUID, version: int | None, now: datetime) -> Assistant:
    """Make the assistant what it was in that version. Holds the row's lock; the next change still gets the highest number plus one."""
    row = lock_assistant(actor, assistant_id)
    require(actor, Permission.ASSISTANT_DEPLOY)
    versions = AssistantVersion.objects.for_tenant(actor.tenant_id).filter(assistant_id=assistant_id)
    chosen = None if version is None else versions.filter(version=version).first()
    if chosen is None:
        raise NotFound(f"Version {version} not found for assistant {assistant_id}")
    registry().get(chosen.graph_id)  # a version whose graph is gone could not run
    before = summary(row)
    content = {field: getattr(chosen, field) for field in CONTENT} | {"updated_at": now}
    Assistant.objects.for_tenant(actor.tenant_id).filter(assistant_id=assistant_id).update(**content)
    for field, value in content.items():
        setattr(row, field, value)
    audit.record(actor, "assistant.set_latest", "assistant", assistant_id, before=before, after=summary(row))
    return row
