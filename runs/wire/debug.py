"""Chunks of the stream modes tasks, checkpoints and debug, without what is the server's own."""

from collections.abc import Mapping
from typing import Any

from runs.wire.merge import own_keys
from runs.wire.state import checkpoint_json

Json = dict[str, Any]


def task_json(payload: Mapping[str, Any]) -> Json:
    """A task that has started or ended."""
    return {**payload, "metadata": own_keys(payload["metadata"])} if "metadata" in payload else {**payload}


def checkpoint_chunk(payload: Mapping[str, Any]) -> Json:
    """A checkpoint with its config as the client may know it."""
    return {**payload, "config": _public(payload["config"]), "parent_config": _public(payload["parent_config"])}


def debug_json(chunk: Mapping[str, Any]) -> Json:
    """A wrapped task or checkpoint; checkpoints have their address in the form of thread states, too."""
    payload = chunk["payload"]
    if chunk["type"] != "checkpoint":
        return {**chunk, "payload": task_json(payload)}
    shown = {
        **checkpoint_chunk(payload),
        "tasks": [_task(task) for task in payload["tasks"]],
        "checkpoint": checkpoint_json(payload["config"]),
        "parent_checkpoint": checkpoint_json(payload["parent_config"]),
    }
    return {**chunk, "payload": shown}


def _public(config: Mapping[str, Any] | None) -> Json | None:
    return None if config is None else {"configurable": own_keys(config.get("configurable") or {})}


def _task(task: Mapping[str, Any]) -> Json:
    """A subgraph's task says where its state can be read."""
    state = task.get("state")
    if not isinstance(state, Mapping) or not state.get("configurable"):
        return dict(task)
    return {key: value for key, value in task.items() if key != "state"} | {"checkpoint": state["configurable"]}
