"""What accepting a run is decided on: assistant, active runs and interrupts of the thread, read in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tenants.database.prepared import prepared
from tenants.exceptions import NotFound
from tenants.models import Json

MISSING = "Thread or assistant not found."

READ = """
select a.version, a.graph_id, a.config, a.context, a.metadata, t.settings,
       (select jsonb_agg(jsonb_build_object('run_id', r.run_id, 'resume_ids', r.resume_ids, 'delayed', r.run_at > statement_timestamp()))
          from run r
         where r.tenant_id = %(tenant)s and r.thread_id = %(thread)s and r.status in ('pending', 'running')),
       (select jsonb_agg(jsonb_build_object(
                 'interrupt_id', i.interrupt_id, 'kind', i.kind, 'status', i.status, 'node', i.node, 'value', i.value, 'schema', i.schema,
                 'allowed', i.allowed, 'requester', i.requester, 'checkpoint_id', i.checkpoint_id, 'resume_run_id', i.resume_run_id,
                 'closed_by', i.closed_by, 'closed_at', i.closed_at,
                 'graph_id', r.graph_id, 'fingerprint', r.graph_fingerprint) order by i.created_at, i.interrupt_id)
          from interrupt i left join run r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
         where i.tenant_id = %(tenant)s and i.thread_id = %(thread)s
           and (i.status = 'pending' or i.interrupt_id = any(%(asked)s::text[]) or i.resume_run_id in (
                 select n.run_id from run n
                  where n.tenant_id = %(tenant)s and n.thread_id = %(thread)s and n.status in ('pending', 'running'))))
  from tenant t left join assistant a on a.tenant_id = t.tenant_id and a.assistant_id = %(assistant)s and a.deleted_at is null
 where t.tenant_id = %(tenant)s"""


@dataclass(frozen=True, slots=True)
class AssistantRow:
    """The version of an assistant that a run starts with."""

    assistant_id: UUID
    version: int
    graph_id: str
    config: Json
    context: Json
    metadata: Json


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A pending or running run of the thread; `resume_ids` names the interrupts it answers. A `delayed` one can be overtaken."""

    run_id: str
    resume_ids: list[str] | None
    delayed: bool = False


@dataclass(frozen=True, slots=True)
class KnownInterrupt:
    """An interrupt of the thread, with the graph under which it opened."""

    interrupt_id: str
    kind: str
    status: str
    node: str | None
    value: Any
    schema: Json | None
    allowed: list[str]
    requester: str | None
    checkpoint_id: str | None
    resume_run_id: str | None
    graph_id: str | None = None
    fingerprint: str | None = None
    closed_by: str | None = None
    closed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """A thread's, at the moment of accepting. Interrupts are the pending ones, those asked for, and those that active runs answer."""

    assistant: AssistantRow
    settings: Json
    active: list[ActiveRun] = field(default_factory=list)
    interrupts: list[KnownInterrupt] = field(default_factory=list)

    @property
    def pending(self) -> list[KnownInterrupt]:
        """Waiting for an answer."""
        return [interrupt for interrupt in self.interrupts if interrupt.status == "pending"]

    @property
    def gated(self) -> bool:
        """Whether a new run would start over in front of an interrupt: one waits, or its answer does."""
        return bool(self.pending) or any(run.resume_ids and run.delayed for run in self.active)


def read_situation(tenant_id: UUID, assistant_id: UUID, thread_id: UUID, asked: Sequence[str] = ()) -> Situation:
    """Read it; with the thread's lock held, nobody else can change it. Raises NotFound without the assistant."""
    rows = prepared(READ, {"tenant": tenant_id, "assistant": assistant_id, "thread": thread_id, "asked": list(asked)})
    if not rows or rows[0][0] is None:
        raise NotFound(MISSING)
    version, graph_id, *columns = rows[0]
    parts: list[Any] = [orjson.loads(text) if text else None for text in columns]
    config, context, metadata, settings, active, interrupts = parts
    return Situation(
        AssistantRow(assistant_id, version, graph_id, config, context, metadata),
        settings or {},
        [ActiveRun(**run) for run in active or ()],
        [KnownInterrupt(**interrupt) for interrupt in interrupts or ()],
    )
