"""What tells two shapes of a graph apart: its fingerprint."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson
from langgraph.channels.base import BaseChannel
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from assistants.registry.factory import AnyPregel

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
MODULE = re.compile(r"\b(?:\w+\.)+(?=\w)")


def fingerprint(graph: AnyPregel) -> str:
    """SHA-256 over nodes, edges, branches, channels with types and reducers, subgraphs and static interrupts; the same in every process."""
    return hashlib.sha256(orjson.dumps(topology(graph), option=orjson.OPT_SORT_KEYS)).hexdigest()


def topology(graph: AnyPregel) -> dict[str, Any]:
    """The plain data behind the fingerprint."""
    builder = graph.builder if isinstance(graph, CompiledStateGraph) else None
    return {
        "nodes": {
            name: {
                "triggers": sorted(map(str, node.triggers)),
                "reads": _plain(node.channels),
                "subgraphs": [topology(sub) for sub in node.subgraphs or () if isinstance(sub, Pregel)],
            }
            for name, node in graph.nodes.items()
        },
        "channels": {name: _channel(channel) for name, channel in graph.channels.items()},
        "input": _plain(graph.input_channels),
        "output": _plain(graph.output_channels),
        "interrupt_before": _plain(graph.interrupt_before_nodes),
        "interrupt_after": _plain(graph.interrupt_after_nodes),
        "edges": sorted([start, end] for start, end in builder.edges) if builder else [],
        "waiting_edges": sorted([*sorted(starts), end] for starts, end in builder.waiting_edges) if builder else [],
        "branches": {source: _branches(branches) for source, branches in builder.branches.items()} if builder else {},
    }


def _branches(branches: Mapping[str, Any]) -> dict[str, Any]:
    """Ends of None mean: wherever the function says."""
    return {name: sorted(map(str, branch.ends.values())) if branch.ends else None for name, branch in branches.items()}


def _channel(channel: object) -> dict[str, str | None]:
    if not isinstance(channel, BaseChannel):
        return {"kind": "managed", "type": _name(channel), "reducer": None}
    reducer = getattr(channel, "operator", None) or getattr(channel, "reducer", None)
    return {"kind": type(channel).__name__, "type": _name(getattr(channel, "typ", None)), "reducer": _name(reducer) if reducer else None}


def _name(thing: object) -> str:
    """A name without memory addresses, and without modules: processes may import the same file under different names."""
    qualified = getattr(thing, "__qualname__", None)
    return MODULE.sub("", qualified if qualified and not getattr(thing, "__args__", None) else ADDRESS.sub("", repr(thing)))


def _plain(names: object) -> object:
    return sorted(map(str, names)) if isinstance(names, list | tuple | set) else names
