"""Threads on the wire: bodies that create, patch and search them, and the row."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from langgraph_sdk import schema

from runs.models import Thread
from runs.wire.commands import Command, graph_command
from runs.wire.extract import parse_extract
from runs.wire.interrupts import StoredInterrupt
from runs.wire.merge import own_metadata
from runs.wire.schema import check
from tenants.exceptions import BadRequest, NotSupported
from tenants.validation import path_id

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SuperstepUpdate:
    """One update of a superstep: what a node is said to have returned, values or a command."""

    values: Any
    as_node: str | None

    @classmethod
    def parse(cls, body: Json) -> "SuperstepUpdate":
        """Of a body that passed the schema; a command that says anything wins over values."""
        given = body.get("command") or {}
        command = Command.parse({part: given.get(part) for part in ("update", "goto")})  # nothing waits for an answer here
        return cls(body.get("values") if command is None else graph_command(command.json()), body.get("as_node"))


@dataclass(frozen=True, slots=True)
class ThreadCreate:
    """A checked body of `POST /threads`."""

    thread_id: uuid.UUID | None
    metadata: Json
    if_exists: str
    supersteps: tuple[tuple[SuperstepUpdate, ...], ...] = ()

    @classmethod
    def parse(cls, body: object) -> "ThreadCreate":
        """Invalid where the schema is violated or the id is no UUID; NotSupported for ttl."""
        given = check("thread_create", body)
        thread_id = path_id(given["thread_id"]) if "thread_id" in given else None
        _refuse(given, "ttl")
        steps = tuple(tuple(map(SuperstepUpdate.parse, step["updates"])) for step in given.get("supersteps", ()))
        return cls(thread_id, own_metadata(given.get("metadata", {})), given.get("if_exists", "raise"), steps)


@dataclass(frozen=True, slots=True)
class ThreadPatch:
    """A checked body of `PATCH /threads/{thread_id}`; its metadata merges shallowly, a null is stored."""

    metadata: Json

    @classmethod
    def parse(cls, body: object) -> "ThreadPatch":
        """Invalid where the schema is violated; NotSupported for ttl."""
        given = check("thread_patch", body)
        _refuse(given, "ttl")
        return cls(own_metadata(given.get("metadata", {})))


@dataclass(frozen=True, slots=True)
class ThreadSearch:
    """A checked body of `POST /threads/search`; filters are ANDed."""

    ids: tuple[uuid.UUID, ...] | None
    metadata: Json
    values: Json
    status: str | None
    limit: int
    offset: int
    sort_by: str
    descending: bool
    select: tuple[str, ...]
    extract: dict[str, tuple[str, str | None]]

    @classmethod
    def parse(cls, body: object) -> "ThreadSearch":
        """Invalid where the schema is violated or nothing can be extracted so, BadRequest for an id that is no UUID."""
        given = check("thread_search", body)
        return cls(
            ids=tuple(_search_id(text) for text in given["ids"]) if "ids" in given else None,
            metadata=given.get("metadata", {}),
            values=given.get("values", {}),
            status=given.get("status"),
            limit=int(given.get("limit", 10)),
            offset=int(given.get("offset", 0)),
            sort_by=given.get("sort_by", "updated_at"),
            descending=given.get("sort_order", "desc") == "desc",
            select=tuple(given.get("select", ())),
            extract=parse_extract(given.get("extract", {})),
        )

    def row(self, found: "FoundThread") -> Json:
        """The row with the columns and parts that were asked for."""
        row = cast(Json, thread_json(found.thread))
        if self.select:
            row = {column: row[column] for column in self.select if column in row}
        return row | {"extracted": found.extracted} if self.extract else row


@dataclass(frozen=True, slots=True)
class FoundThread:
    """A thread of a search, with the parts that were to be extracted by their alias."""

    thread: Thread
    extracted: Json


class ThreadRow(TypedDict):
    """A thread as the wire shows it; `error` and `interrupts` only once a run or state update has touched it."""

    thread_id: str
    created_at: datetime
    updated_at: datetime
    state_updated_at: datetime
    metadata: Json
    status: schema.ThreadStatus
    config: Json
    values: Any
    error: Json | None
    interrupts: dict[str, list[StoredInterrupt]]


def thread_json(thread: Thread) -> ThreadRow:
    """The row of a thread."""
    row: ThreadRow = {
        "thread_id": str(thread.thread_id),
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "state_updated_at": thread.state_updated_at,
        "metadata": thread.metadata,
        "status": cast(schema.ThreadStatus, thread.status),
        "config": thread.config,
        "values": thread.values,
        "error": thread.error,
        "interrupts": thread.interrupts,
    }
    if thread.head_checkpoint_id is not None or thread.values is not None or thread.error is not None:
        return row
    return cast(ThreadRow, {key: value for key, value in row.items() if key not in ("error", "interrupts")})


def _refuse(given: Json, *keys: str) -> None:
    for key in keys:
        if given.get(key):
            raise NotSupported(key)


def _search_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest(f"Invalid thread ID {text}") from error
