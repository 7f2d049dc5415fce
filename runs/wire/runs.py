"""Runs on the wire: the body that creates one, the query that lists them, the row."""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

from langgraph_sdk import schema

from runs.models import Run
from runs.wire.commands import Command
from runs.wire.merge import Merged, RunPart, own_config, own_keys, own_metadata
from runs.wire.query import Query, many, number, one
from runs.wire.schema import check, check_batch, checkpoint_id
from tenants.exceptions import BadRequest, Invalid, NotSupported

Json = dict[str, Any]
Nodes = Literal["*"] | list[str]

COLUMNS = (
    "run_id",
    "thread_id",
    "assistant_id",
    "metadata",
    "status",
    "kwargs",
    "multitask_strategy",
    "created_at",
    "updated_at",
    "langsmith_session_name",
)
_ACCEPTED_COLUMNS = frozenset({*COLUMNS, "cancel_reason"})

_BOTH = (
    "Cannot specify both configurable and context. Prefer setting context alone. Context was introduced in LangGraph 0.6.0 and is the "
    "long term planned replacement for configurable."
)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A checked body of a route that creates runs. `command` wins over `input`; without either the run continues from the checkpoint."""

    assistant: str
    input: object = None
    command: Command | None = None
    config: Json = field(default_factory=dict)
    context: Json | None = None
    metadata: Json = field(default_factory=dict)
    stream_mode: tuple[str, ...] = ("values",)
    stream_subgraphs: bool = False
    stream_resumable: bool = False
    interrupt_before: Nodes | None = None
    interrupt_after: Nodes | None = None
    multitask_strategy: str = "enqueue"
    if_not_exists: str = "reject"
    on_disconnect: str = "continue"
    on_completion: str = "delete"
    checkpoint: Json | None = None
    durability: str = "async"
    after_seconds: float = 0
    feedback_keys: list[str] | None = None  # kept on the row; the recorded server uses them with LangSmith alone

    @classmethod
    def parse(cls, body: object) -> "RunRequest":
        """Invalid where the schema is violated, BadRequest for contradictions, NotSupported for what is not built."""
        return cls._of(check("run", body))

    @classmethod
    def parse_batch(cls, body: object) -> "list[RunRequest]":
        """A list of bodies; one that is wrong refuses them all."""
        return [cls._of(given) for given in check_batch(body)]

    @classmethod
    def _of(cls, given: Json) -> "RunRequest":
        config = own_config(given.get("config", {}))
        context = own_keys(given["context"]) if "context" in given else None
        if config.get("configurable") and context:
            raise BadRequest(_BOTH)
        _refuse_unbuilt(given)
        return cls(
            assistant=given["assistant_id"],
            input=given.get("input"),
            command=Command.parse(given.get("command")),
            config=config,
            context=context,
            metadata=own_metadata(given.get("metadata", {})),
            stream_mode=_stream_mode(given.get("stream_mode")),
            interrupt_before=given.get("interrupt_before"),
            interrupt_after=given.get("interrupt_after"),
            on_disconnect="cancel" if given.get("on_disconnect") == "cancel" else "continue",
            checkpoint=_checkpoint(given),
            durability=given.get("durability") or ("exit" if given.get("checkpoint_during") is False else "async"),
            **{key: given[key] for key in _PLAIN if key in given},
        )

    @property
    def has_input(self) -> bool:
        """Whether the graph starts over with input; `{}` is one."""
        return self.command is None and self.input is not None

    @property
    def checkpoint_id(self) -> str | None:
        """The checkpoint of the root graph to fork from."""
        checkpoint = self.checkpoint or {}
        return checkpoint.get("checkpoint_map", {}).get("") or checkpoint.get("checkpoint_id")

    @property
    def namespace(self) -> str:
        """Of the subgraph whose checkpoint it forks from; empty: the root graph's."""
        return str((self.checkpoint or {}).get("checkpoint_ns", ""))

    def require_stateless(self) -> None:
        """BadRequest for what makes sense on a thread only."""
        if self.command is not None and self.command.resumes:
            raise BadRequest("You must provide a thread_id when resuming.")

    def part(self) -> RunPart:
        """What it gives to `merge`."""
        return RunPart(config=self.config, context=self.context, metadata=self.metadata)

    def kwargs(self, merged: Merged | None = None, *, temporary: bool = False) -> Json:
        """The run row's kwargs, without internals. A fork point is `config.configurable.checkpoint_id`, set by no other way."""
        config = {"configurable": {}, **(merged.config if merged else self.config)}
        if self.checkpoint:
            config["configurable"] = {**config["configurable"], **self.checkpoint}
        return {
            "input": self.input,
            "command": self.command.json() if self.command else None,
            "config": config,
            "context": merged.context if merged else self.context or {},
            "stream_mode": list(self.stream_mode),
            "interrupt_before": self.interrupt_before,
            "interrupt_after": self.interrupt_after,
            "webhook": None,
            "feedback_keys": self.feedback_keys,
            "temporary": temporary,
            "subgraphs": self.stream_subgraphs,
            "resumable": self.stream_resumable,
            "checkpoint_during": self.durability != "exit",
            "durability": self.durability,
        }


_PLAIN = ("stream_subgraphs", "stream_resumable", "multitask_strategy", "if_not_exists", "on_completion", "after_seconds", "feedback_keys")


class RunRow(schema.Run):
    """A run as the wire shows it."""

    kwargs: Json
    langsmith_session_name: None


def run_json(run: Run) -> RunRow:
    """The row of a run; the ids that its graph sees are shown with its configuration."""
    row: RunRow = {
        "run_id": str(run.run_id),
        "thread_id": str(run.thread_id),
        "assistant_id": str(run.assistant_id),
        "metadata": run.metadata,
        "status": cast(schema.RunStatus, run.status),
        "kwargs": _shown(run),
        "multitask_strategy": cast(schema.MultitaskStrategy, run.multitask_strategy),
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "langsmith_session_name": None,
    }
    if run.cancel_reason is not None:
        row["cancel_reason"] = run.cancel_reason
    return row


def _shown(run: Run) -> Json:
    config = run.kwargs.get("config", {})
    ids = {"run_id": str(run.run_id), "thread_id": str(run.thread_id), "graph_id": run.graph_id, "assistant_id": str(run.assistant_id)}
    return {**run.kwargs, "config": {**config, "configurable": {**config.get("configurable", {}), **ids}}}


@dataclass(frozen=True, slots=True)
class RunList:
    """A checked query of a run list."""

    limit: int
    offset: int
    status: str | None
    select: tuple[str, ...]

    @classmethod
    def parse(cls, query: Query) -> "RunList":
        """BadRequest for a limit that is no number, Invalid for unknown columns; an unknown status finds nothing."""
        select = many(query, "select")
        if unknown := [column for column in select if column not in _ACCEPTED_COLUMNS]:
            raise Invalid(f"Invalid select columns: {unknown}. Expected: {sorted(COLUMNS)}")
        return cls(number(query, "limit", 10, most=1000), number(query, "offset", 0), one(query, "status"), select)

    def row(self, run: Run) -> Json:
        """The row with the columns that were asked for."""
        row = cast(Json, run_json(run))
        return {column: row.get(column) for column in self.select} if self.select else row


def _refuse_unbuilt(given: Json) -> None:
    if given.get("webhook"):
        raise NotSupported("webhook")


def _stream_mode(given: str | list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([given] if isinstance(given, str) else given or ())) or ("values",)


def _checkpoint(given: Json) -> Json | None:
    """The fork point, of the root graph or a subgraph; everything else a checkpoint object may name is the server's to say."""
    checkpoint = given.get("checkpoint") or {}
    found = checkpoint_id(given.get("checkpoint_id") or checkpoint.get("checkpoint_id"))
    if namespace := checkpoint.get("checkpoint_ns"):
        return {"checkpoint_id": found, "checkpoint_ns": namespace}
    return {"checkpoint_id": found} if found else None
