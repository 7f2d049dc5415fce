"""Bodies of wait and join: what a run came to."""

from collections.abc import Mapping, Sequence

from runs.models import Run, Thread
from runs.wire.encoding import dumps

FAILED = frozenset({"error", "timeout"})


def wait_body(values: object, interrupts: Sequence[object] = (), error: Mapping[str, object] | None = None) -> bytes:
    """The body of a run that has just ended; interrupts are LangGraph's. Clients know the quirk that several come without values."""
    if error is not None:
        return dumps({"__error__": error})
    if interrupts:
        shown = values if len(interrupts) == 1 and isinstance(values, dict) else {}
        return dumps({**shown, "__interrupt__": interrupts})
    return dumps({} if values is None else values)


def join_body(thread: Thread, run: Run) -> bytes:
    """The body of a run that had ended before: the thread's values as of now, its failure, or what it waits for."""
    if run.status in FAILED:
        return dumps({"__error__": run.error or thread.error})
    if run.status == "success" and thread.interrupts:
        return dumps({"__interrupt__": [interrupt for task in thread.interrupts.values() for interrupt in task]})
    return dumps({} if thread.values is None else thread.values)
