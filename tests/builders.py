"""Rows for tests: committed, of one tenant each, with whatever the test says about them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from assistants.models import Assistant, AssistantVersion
from runs.models import Interrupt, Run, RunEvent, Thread, ThreadMetadata
from tenants.actors import Actor, ActorKind, Role, system_actor
from tenants.database.context import acting_for
from tenants.models import Tenant
from tenants.services.api_keys import create_key
from tenants.services.members import add_member

GRAPH_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")
FINGERPRINT = "0" * 64
GRAPHS: list[str] = sorted(json.loads((Path(__file__).parent / "graphs" / "langgraph.json").read_text())["graphs"])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a key: what they send, and who they are to the services."""

    key: str
    actor: Actor

    @property
    def headers(self) -> dict[str, str]:
        """What authenticates them."""
        return {"X-Api-Key": self.key}


def now() -> datetime:
    """This moment, aware."""
    return datetime.now(UTC)


def make_tenant() -> Tenant:
    """A committed tenant with a name of its own."""
    tenant_id = uuid4()
    with acting_for(tenant_id):
        return Tenant.objects.create(tenant_id=tenant_id, slug=f"t-{tenant_id.hex}", name=f"Tenant {tenant_id.hex[:6]}")


def make_person(tenant: Tenant, role: Role | str = Role.DEVELOPER) -> Person:
    """A new service identity with a key of this role."""
    issuer = system_actor(tenant.tenant_id, "tests")
    with acting_for(tenant.tenant_id):
        row, secret = create_key(actor=issuer, name=f"{role} of a test", role=Role(role), expires_at=now() + timedelta(days=1), now=now())
    actor = Actor(tenant.tenant_id, f"key:{row.identity}", Role(role), ActorKind.KEY, row.key_id)
    return Person(secret, actor)


def new_address() -> str:
    """An e-mail that nobody has."""
    return f"{uuid4().hex}@example.org"


def make_member(tenant: Tenant, role: Role | str = Role.VIEWER, email: str = "") -> UUID:
    """The user id of a new person who is a member of this tenant."""
    with acting_for(tenant.tenant_id):
        member, _ = add_member(actor=system_actor(tenant.tenant_id, "tests"), email=email or new_address(), role=Role(role))
    return member.user_id


def key_of(tenant: Tenant, role: Role | str = Role.DEVELOPER) -> str:
    """The secret of a new key."""
    return make_person(tenant, role).key


def actor_of(tenant: Tenant, role: Role | str = Role.DEVELOPER) -> Actor:
    """Somebody of this role, without a key."""
    return Actor(tenant.tenant_id, f"key:{uuid4()}", Role(role))


def builtin_id(graph_id: str) -> UUID:
    """The id of a graph's built-in assistant, the same in each tenant."""
    return uuid5(GRAPH_NAMESPACE, graph_id)


def make_assistant(tenant: Tenant, graph_id: str = "approval", **fields: Any) -> Assistant:
    """An assistant with its first version."""
    with acting_for(tenant.tenant_id):
        values = {"name": "Untitled", "assistant_id": uuid4()} | fields
        row = Assistant.objects.create(tenant_id=tenant.tenant_id, graph_id=graph_id, **values)
        AssistantVersion.objects.create(
            tenant_id=tenant.tenant_id,
            assistant_id=row.assistant_id,
            version=1,
            graph_id=graph_id,
            name=row.name,
            author="system:tests",
        )
    return row


def make_thread(tenant: Tenant, owner: Actor | None = None, interrupted: bool = False, **fields: Any) -> Thread:
    """A thread row without checkpoints; interrupted: with one pending interrupt row."""
    identity = owner.identity if owner else "system:tests"
    with acting_for(tenant.tenant_id):
        thread = Thread.objects.create(tenant_id=tenant.tenant_id, owner=identity, **fields)
        for key, value in thread.metadata.items():
            ThreadMetadata.objects.create(tenant_id=tenant.tenant_id, key=key, value=f'"{value}"', thread_id=thread.thread_id)
        if interrupted:
            interrupt = make_interrupt(tenant, thread)
            thread.status = "interrupted"
            thread.interrupts = {str(interrupt.task_id): [{"id": interrupt.interrupt_id, "value": interrupt.value}]}
            thread.head_checkpoint_id = interrupt.checkpoint_id
            Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).update(
                status=thread.status, interrupts=thread.interrupts, head_checkpoint_id=thread.head_checkpoint_id
            )
    return thread


def make_interrupt(tenant: Tenant, thread: Thread, **fields: Any) -> Interrupt:
    """A pending question."""
    values: dict[str, Any] = {
        "interrupt_id": uuid4().hex,
        "checkpoint_id": str(uuid4()),
        "task_id": str(uuid4()),
        "node": "ask",
        "kind": "question",
        "value": {"question": "continue?"},
        "allowed": ["respond"],
    }
    with acting_for(tenant.tenant_id):
        return Interrupt.objects.create(tenant_id=tenant.tenant_id, thread_id=thread.thread_id, **values | fields)


def make_run(tenant: Tenant, thread: Thread, status: str = "success", graph_id: str = "approval", **fields: Any) -> Run:
    """A run row; of a fingerprint that no worker serves, so that a pending one stays pending."""
    assistant_id = fields.setdefault("assistant_id", builtin_id(graph_id))
    with acting_for(tenant.tenant_id):
        if not Assistant.objects.for_tenant(tenant.tenant_id).filter(assistant_id=assistant_id).exists():
            make_assistant(tenant, graph_id, assistant_id=assistant_id, name=graph_id)
    values: dict[str, Any] = {
        "assistant_version": 1,
        "graph_id": graph_id,
        "graph_fingerprint": FINGERPRINT,
        "created_by": thread.owner,
        "kwargs": {"input": None, "stream_mode": ["values"]},
    }
    with acting_for(tenant.tenant_id):
        return Run.objects.create(tenant_id=tenant.tenant_id, thread_id=thread.thread_id, status=status, **values | fields)


def make_events(tenant: Tenant, run: Run, *events: tuple[str, bytes], epoch_ms: int = 1_700_000_000_000) -> list[RunEvent]:
    """The durable log of a resumable run: names and JSON, numbered from 1."""
    with acting_for(tenant.tenant_id):
        return [
            RunEvent.objects.create(tenant_id=tenant.tenant_id, run_id=run.run_id, epoch_ms=epoch_ms, n=n, event=event, data=data)
            for n, (event, data) in enumerate(events, 1)
        ]
