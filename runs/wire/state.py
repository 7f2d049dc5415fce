"""Thread state on the wire: bodies that read and update it, and the state itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from langgraph.types import PregelTask, StateSnapshot

from runs.wire.encoding import to_json
from runs.wire.interrupts import StoredInterrupt, interrupt_row
from runs.wire.merge import RESERVED_METADATA
from runs.wire.query import Query, many, one, truth
from runs.wire.schema import check, checkpoint_id
from tenants.exceptions import Invalid

Json = dict[str, Any]

MOST_STATES = 1000
RESERVED = RESERVED_METADATA | {"source", "step", "parents", "graph_id", "user_id", "run_attempt", "delta_writes_versioned"}


@dataclass(frozen=True, slots=True)
class CheckpointRef:
    """A point in a thread's history, or the newest of a namespace. The thread is always that of the path, whatever the client wrote."""

    checkpoint_id: str | None = None
    checkpoint_ns: str = ""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "CheckpointRef":
        """Invalid for an id that is no UUID."""
        return cls(checkpoint_id(body.get("checkpoint_id")), body.get("checkpoint_ns") or "")

    def configurable(self) -> Json:
        """What LangGraph's config needs of it, beside the thread id."""
        named = {"checkpoint_id": self.checkpoint_id} if self.checkpoint_id else {}
        return {"checkpoint_ns": self.checkpoint_ns, **named}


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """A checked body of `POST /threads/{thread_id}/state`."""

    values: Any
    as_node: str | None = None
    checkpoint: CheckpointRef = CheckpointRef()

    @classmethod
    def parse(cls, body: object) -> "StateUpdate":
        """Invalid where the schema is violated."""
        given = check("state_update", body)
        at = given.get("checkpoint", {})
        named = given.get("checkpoint_id") or at.get("checkpoint_id")
        return cls(given.get("values"), given.get("as_node"), CheckpointRef.parse({**at, "checkpoint_id": named}))


@dataclass(frozen=True, slots=True)
class StatePatch:
    """A checked body of `PATCH /threads/{thread_id}/state`; metadata without what LangGraph and this server write themselves."""

    metadata: Json

    @classmethod
    def parse(cls, body: object) -> "StatePatch":
        """Invalid where the schema is violated."""
        given = check("state_patch", body).get("metadata", {})
        return cls({key: value for key, value in given.items() if key not in RESERVED and not key.startswith("langgraph_")})


@dataclass(frozen=True, slots=True)
class StateAt:
    """A checked body of `POST /threads/{thread_id}/state/checkpoint`."""

    checkpoint: CheckpointRef
    subgraphs: bool
    select: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: object) -> "StateAt":
        """Invalid where the schema is violated."""
        given = check("state_at", body)
        return cls(CheckpointRef.parse(given["checkpoint"]), given.get("subgraphs", False), tuple(given.get("select", ())))

    @classmethod
    def from_query(cls, query: Query, checkpoint: CheckpointRef) -> "StateAt":
        """A query beside a checkpoint of the path."""
        return cls(checkpoint, truth(query, "subgraphs"), many(query, "select"))


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What part of a history is wanted, newest first: `before` is exclusive, `checkpoint` names a namespace or one single state."""

    limit: int = 1
    before: str | None = None
    metadata: Json | None = None
    checkpoint: CheckpointRef = CheckpointRef()
    select: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: object) -> "HistoryRequest":
        """A body. `before` may be an id, a checkpoint, or a config: clients send all three."""
        given = check("history", body)
        return cls(
            int(given.get("limit", 1)),
            _before(given.get("before")),
            given.get("metadata"),
            CheckpointRef.parse(given.get("checkpoint", {})),
            tuple(given.get("select", ())),
        )

    @classmethod
    def from_query(cls, query: Query) -> "HistoryRequest":
        """A query. Invalid for a limit that is no number between 0 and 1000."""
        limit = one(query, "limit") or "1"
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and int(limit) <= MOST_STATES):
            raise Invalid(f"Invalid limit {limit}")
        return cls(int(limit), checkpoint_id(one(query, "before")), select=many(query, "select"))


class CheckpointRow(TypedDict):
    """A checkpoint's address."""

    checkpoint_id: NotRequired[str]
    thread_id: str
    checkpoint_ns: str
    checkpoint_map: NotRequired[dict[str, str]]


class TaskRow(TypedDict):
    """A task of a state; a subgraph shows either its state or where to read it."""

    id: str
    name: str
    path: list[Any]
    error: str | None
    interrupts: list[StoredInterrupt]
    checkpoint: CheckpointRow | None
    state: "StateRow | None"
    result: Any


class StateRow(TypedDict):
    """State of a thread at a checkpoint; the last two keys are the older spelling of two others."""

    values: Any
    next: list[str]
    tasks: list[TaskRow]
    metadata: Json | None
    created_at: str | None
    checkpoint: CheckpointRow | None
    parent_checkpoint: CheckpointRow | None
    interrupts: list[StoredInterrupt]
    checkpoint_id: str | None
    parent_checkpoint_id: str | None


class UpdatedRow(TypedDict):
    """Answer to a state update: the new checkpoint in three spellings."""

    checkpoint: CheckpointRow
    configurable: CheckpointRow
    checkpoint_id: str | None


def state_json(snapshot: StateSnapshot) -> StateRow:
    """A snapshot as plain JSON data, with the states of subgraphs where it was read with them."""
    checkpoint = checkpoint_json(snapshot.config)
    parent = checkpoint_json(snapshot.parent_config)
    return {
        "values": {} if snapshot.values is None else to_json(snapshot.values),
        "next": list(snapshot.next),
        "tasks": [_task(task) for task in snapshot.tasks],
        "metadata": to_json(snapshot.metadata),
        "created_at": snapshot.created_at,
        "checkpoint": checkpoint,
        "parent_checkpoint": parent,
        "interrupts": [interrupt_row(interrupt) for interrupt in snapshot.interrupts],
        "checkpoint_id": checkpoint.get("checkpoint_id") if checkpoint else None,
        "parent_checkpoint_id": parent.get("checkpoint_id") if parent else None,
    }


def selected(state: StateRow, select: Sequence[str]) -> Json:
    """The keys that were asked for, all if none were; `values.<key>` is one key of the values."""
    if not select:
        return dict(state)
    row = {key: value for key, value in state.items() if key in select}
    keys = [name.removeprefix("values.") for name in select if name.startswith("values.")]
    if keys and "values" not in row:
        values = state["values"] if isinstance(state["values"], dict) else {}
        row["values"] = {key: values[key] for key in keys if key in values}
    return row


def checkpoint_json(config: Mapping[str, Any] | None) -> CheckpointRow | None:
    """The address in a config, None if it names no checkpoint."""
    configurable = (config or {}).get("configurable", {})
    return _address(configurable) if configurable.get("checkpoint_id") else None


def updated_json(config: Mapping[str, Any]) -> UpdatedRow:
    """The answer to a state update, from the config that it returned."""
    address = _address(config["configurable"])
    return {"checkpoint": address, "configurable": address, "checkpoint_id": address.get("checkpoint_id")}


def _address(configurable: Json) -> CheckpointRow:
    address: CheckpointRow = {"thread_id": str(configurable.get("thread_id", "")), "checkpoint_ns": configurable.get("checkpoint_ns", "")}
    if configurable.get("checkpoint_id"):
        address = {"checkpoint_id": configurable["checkpoint_id"], **address}
    if configurable.get("checkpoint_map"):
        address["checkpoint_map"] = configurable["checkpoint_map"]
    return address


def _task(task: PregelTask) -> TaskRow:
    nested = task.state if isinstance(task.state, StateSnapshot) else None
    return {
        "id": task.id,
        "name": task.name,
        "path": to_json(task.path),
        # A checkpoint keeps an exception as its repr already.
        "error": task.error if isinstance(task.error, str | None) else to_json(repr(task.error)),
        "interrupts": [interrupt_row(interrupt) for interrupt in task.interrupts],
        "checkpoint": _address(task.state.get("configurable", {})) if isinstance(task.state, dict) else None,
        "state": state_json(nested) if nested else None,
        "result": to_json(task.result),
    }


def _before(value: str | Json | None) -> str | None:
    if isinstance(value, dict):
        value = value.get("configurable", value)
        value = value.get("checkpoint_id") if isinstance(value, dict) else None
    return checkpoint_id(value)
