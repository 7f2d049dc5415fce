"""From a claimed run's row to what LangGraph is called with."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONFIG_KEY_RUNTIME, CONFIG_KEY_STRICT_RESUME
from langgraph.constants import END
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.types import Command

from runs.engine.database import Claimed
from runs.wire.commands import command_of
from runs.wire.merge import admitted_context
from runs.wire.modes import EVENTS, graph_modes

FORK_KEYS = ("checkpoint_id", "checkpoint_ns", "checkpoint_map")
DROPPED = "update"  # the source of the checkpoint that `without_tasks` makes


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments of `astream`."""

    config: RunnableConfig
    input: Any
    context: dict[str, Any] | None
    modes: list[str]
    events: bool
    subgraphs: bool
    durability: str
    interrupt_before: Any
    interrupt_after: Any


def call_of(run: Claimed, context_keys: Collection[str] | None = None) -> Call:
    """What the request asked for, with the keys that only the server sets; of the context what the graph's schema knows, if it has one."""
    kwargs = run.kwargs
    context = kwargs.get("context") or {}
    return Call(
        config=config_of(run),
        input=command_of(kwargs) if kwargs.get("command") else kwargs.get("input"),
        context=(context or None) if context_keys is None else admitted_context(context, context_keys),
        modes=sorted(graph_modes(kwargs["stream_mode"]) | {"updates", "values"}),
        events=EVENTS in kwargs["stream_mode"],
        subgraphs=bool(kwargs.get("subgraphs")),
        durability=kwargs.get("durability") or "async",
        interrupt_before=kwargs.get("interrupt_before"),
        interrupt_after=kwargs.get("interrupt_after"),
    )


def config_of(run: Claimed) -> RunnableConfig:
    """The merged config of the row plus thread, run, assistant and user."""
    stored = run.kwargs.get("config") or {}
    configurable = {
        **(stored.get("configurable") or {}),
        "run_id": str(run.run_id),
        "thread_id": str(run.thread_id),
        "graph_id": run.graph_id,
        "assistant_id": str(run.assistant_id),
        "user_id": run.created_by,
        "langgraph_auth_user_id": run.created_by,
        "langgraph_auth_user": {"identity": run.created_by, "is_authenticated": True, "display_name": run.created_by, "permissions": []},
        "langgraph_auth_permissions": [],
    }
    if run.resume_ids and run.attempt == 1:  # a repeated resume finds its answers among the pending writes
        configurable[CONFIG_KEY_STRICT_RESUME] = True
    metadata = {
        **(stored.get("metadata") or {}),
        **run.metadata,
        "run_id": str(run.run_id),
        "thread_id": str(run.thread_id),
        "graph_id": run.graph_id,
        "assistant_id": str(run.assistant_id),
        "user_id": run.created_by,
        "run_attempt": run.attempt,
    }
    config: dict[str, Any] = {**stored, "configurable": configurable, "metadata": metadata, "run_id": run.run_id}
    return config  # type: ignore[return-value]  # a TypedDict built from stored JSON


def continued(call: Call) -> Call:
    """The same call after a crash that left progress behind: go on from the head instead of starting over."""
    configurable = {key: value for key, value in call.config["configurable"].items() if key not in FORK_KEYS}
    return replace(call, config={**call.config, "configurable": configurable}, input=None)


def without_writes(call: Call) -> Call:
    """The same call after a crash behind the command's writes: LangGraph finds them at the checkpoint, and would apply them twice."""
    return replace(call, input=Command(resume=call.input.resume) if call.input.resume is not None else None)


async def without_tasks(graph: Any, call: Call, *, dropped: bool) -> Call:
    """Drop what the checkpoint still has to do, interrupts included, in a checkpoint of its own, unless an earlier attempt has done so.

    The rest of the call goes on from there. Only LangGraph's state update can drop tasks: for its stream the end is an unknown node, and
    the interrupted one would ask again.
    """
    if not dropped:
        await graph.aupdate_state(call.config, None, as_node=END)
    update = call.input.update if isinstance(call.input, Command) else None
    return replace(continued(call), input=Command(update=update) if update else None)


def with_breakpoints(call: Call, graph: Any) -> Call:
    """The same call that stops at the graph's own breakpoints, too: LangGraph would take the run's instead, and nobody would be asked."""
    before, after = (graph.interrupt_before_nodes, call.interrupt_before), (graph.interrupt_after_nodes, call.interrupt_after)
    return replace(call, interrupt_before=_all_of(*before), interrupt_after=_all_of(*after))


def _all_of(own: Any, asked: Any) -> Any:
    return "*" if "*" in (own, asked) else [*own, *(asked or ())]


def with_store(call: Call, store: BaseStore) -> Call:
    """The same call with the run's own store: LangGraph looks for it in the config first, so that all tenants share one bound graph."""
    configurable = {**call.config["configurable"], CONFIG_KEY_RUNTIME: Runtime(store=store)}
    return replace(call, config={**call.config, "configurable": configurable})
