"""Assistants as the services make them."""

from typing import Any

from assistants.models import Assistant
from assistants.services.assistants import create_assistant, update_assistant
from assistants.wire import AssistantCreate, AssistantPatch
from tenants.actors import Actor


def created(actor: Actor, graph_id: str = "memory", **body: Any) -> Assistant:
    """A new assistant from a body of the wire."""
    return create_assistant(actor=actor, request=AssistantCreate.parse({"graph_id": graph_id} | body))


def patched(actor: Actor, row: Assistant, **body: Any) -> Assistant:
    """Its next version."""
    return update_assistant(actor=actor, assistant_id=row.assistant_id, request=AssistantPatch.parse(body))
