"""How settings of assistant, thread and run come together; the right one wins."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

RESERVED_METADATA = frozenset({"thread_id", "run_id", "assistant_id", "cron_id", "counters_since_delta_snapshot"})

# Set by the server for each run; a client's value would name somebody else's thread, tenant or person, or a checkpoint nobody authorised.
PINNED = frozenset(
    {"thread_id", "run_id", "graph_id", "assistant_id", "user_id", "tenant_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map"}
)
_RESERVED_PREFIXES = ("__", "langgraph_auth_")
_CONFIG_KEYS = ("tags", "recursion_limit", "max_concurrency", "run_name", "configurable", "metadata")


@dataclass(frozen=True, slots=True)
class AssistantPart:
    """What an assistant version gives to its runs."""

    assistant_id: str
    graph_id: str
    config: Json = field(default_factory=dict)
    context: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    context_keys: Collection[str] | None = None  # None: the graph takes any context


@dataclass(frozen=True, slots=True)
class ThreadPart:
    """What a thread gives to its runs; `fresh` if this run makes it."""

    config: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class RunPart:
    """What a request says."""

    config: Json = field(default_factory=dict)
    context: Json | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merged:
    """Everything a run starts with, and what it leaves on its thread."""

    config: Json
    context: Json
    metadata: Json
    thread_config: Json
    thread_metadata: Json


def merge(assistant: AssistantPart, thread: ThreadPart, run: RunPart) -> Merged:
    """All merges of one run."""
    metadata = merge_metadata(assistant, thread, run)
    return Merged(
        config={**merge_config(assistant, thread, run), "metadata": metadata},
        context=merge_context(assistant, run),
        metadata=metadata,
        thread_config=merge_thread_config(assistant, thread, run),
        thread_metadata=merge_thread_metadata(assistant, thread, run),
    )


def merge_config(assistant: AssistantPart, thread: ThreadPart, run: RunPart) -> Json:
    """Tags and limits of the run replace the assistant's; `configurable` is merged, and a given context is part of it."""
    configurable = {**_configurable(assistant.config), **_configurable(thread.config), **_own_context(assistant, run)}
    known = {key: value for key, value in assistant.config.items() if key in _CONFIG_KEYS}  # an assistant may hold any key
    return {**known, **run.config, "configurable": {key: value for key, value in configurable.items() if key not in PINNED}}


def merge_context(assistant: AssistantPart, run: RunPart) -> Json:
    """The assistant's context under the run's; a run that gives `configurable` alone gives it as context, too."""
    return {**assistant.context, **_own_context(assistant, run)}


def merge_metadata(assistant: AssistantPart, thread: ThreadPart, run: RunPart) -> Json:
    """Metadata of the run row and its checkpoints."""
    return {**assistant.metadata, **thread.metadata, **run.config.get("metadata", {}), **run.metadata, **_ids(assistant)}


def merge_thread_config(assistant: AssistantPart, thread: ThreadPart, run: RunPart) -> Json:
    """The thread's config: made by its first run, without that run's `configurable`; never changed later."""
    if thread.config:
        return thread.config
    return {**assistant.config, **run.config, "configurable": _configurable(assistant.config)}


def merge_thread_metadata(assistant: AssistantPart, thread: ThreadPart, run: RunPart) -> Json:
    """The thread's metadata names the latest run's graph and assistant; it takes the metadata of the run that makes the thread."""
    given = {**run.config.get("metadata", {}), **run.metadata} if thread.fresh else {}
    return {**thread.metadata, **given, **_ids(assistant)}


def admitted_context(context: Json, keys: Collection[str] | None) -> Json:
    """The part of a merged context that the graph's context schema knows."""
    return context if keys is None else {key: value for key, value in context.items() if key in keys}


def own_metadata(metadata: Json) -> Json:
    """Metadata without the keys that are the server's."""
    return {key: value for key, value in metadata.items() if key not in RESERVED_METADATA}


def own_config(config: Json) -> Json:
    """A client's config without what is the server's; `user_id` survives the merge as context, since it may be meant so."""
    kept = {key: config[key] for key in _CONFIG_KEYS if config.get(key) is not None}
    if "configurable" in kept:
        kept["configurable"] = own_keys(kept["configurable"])
    if "metadata" in kept:
        kept["metadata"] = own_metadata(kept["metadata"])
    if "recursion_limit" in kept:
        kept["recursion_limit"] = int(kept["recursion_limit"])
    return kept


def own_keys(values: Json) -> Json:
    """Context or configurable without internals."""
    return {key: value for key, value in values.items() if not key.startswith(_RESERVED_PREFIXES) and key != "langgraph_request_id"}


def _own_context(assistant: AssistantPart, run: RunPart) -> Json:
    if run.context:
        return admitted_context(run.context, assistant.context_keys)
    return {key: value for key, value in _configurable(run.config).items() if key not in PINNED or key == "user_id"}


def _configurable(config: Json) -> Json:
    configurable: Json = config.get("configurable") or {}
    return configurable


def _ids(assistant: AssistantPart) -> Json:
    return {"graph_id": assistant.graph_id, "assistant_id": assistant.assistant_id}
