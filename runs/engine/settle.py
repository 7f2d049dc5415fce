"""How a run ended, and what that makes of its thread: pure functions from what the graph left to the row of a settle."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from runs.engine.database import Claimed, Settlement
from runs.lifecycle.interrupts import PendingInterrupt
from runs.wire.encoding import dumps
from runs.wire.events import End
from runs.wire.interrupts import interrupt_row
from runs.wire.wait import wait_body

CRASH_LIMIT = 3


@dataclass(slots=True)
class Ending:
    """What a run left: `output` the last `values` chunk, `state` all values of the head (None: unchanged), `interrupts` by task id."""

    status: str
    output: Any = None
    state: Any = None
    head: str | None = None
    unfinished: bool = False
    error: dict[str, Any] | None = None
    interrupts: dict[str, list[Any]] = field(default_factory=dict)
    pending: list[PendingInterrupt] = field(default_factory=list)


def crashed(run: Claimed) -> Ending:
    """The end of a run whose worker died three times."""
    message = (
        f"The worker was lost {CRASH_LIMIT} times while it executed this run. Look for a node that exhausts memory or kills its process."
    )
    return Ending("error", error={"error": "WorkerLost", "message": message})


def stale() -> Ending:
    """The end of a run whose thread has moved on since it was accepted."""
    return Ending(
        "error", error={"error": "StaleRun", "message": "The thread changed after this run was accepted. Read its state and try again."}
    )


def without_values(error: dict[str, Any], head: str | None) -> Ending:
    """The end of a run whose result cannot be stored."""
    return Ending("error", error=error, head=head)


def thread_status(ending: Ending) -> str:
    """`busy` is the database's to decide, since it knows the other runs."""
    if ending.status in ("error", "timeout"):
        return "error"
    return "interrupted" if ending.unfinished else "idle"


def settlement_of(run: Claimed, ending: Ending) -> Settlement:
    """The arguments of `settle_2`. Raises TypeError for values that JSON cannot hold."""
    shown = {task: [interrupt_row(interrupt) for interrupt in found] for task, found in ending.interrupts.items()}
    return Settlement(
        tenant_id=run.tenant_id,
        run_id=run.run_id,
        attempt=run.attempt,
        status=ending.status,
        error=orjson.dumps(ending.error).decode() if ending.error else None,
        thread_status=thread_status(ending),
        values=dumps(ending.state).decode() if ending.state is not None else None,
        thread_interrupts=dumps(shown).decode(),
        head=ending.head,
        interrupts=[interrupt_columns(pending) for pending in ending.pending],
    )


def interrupt_columns(
    pending: PendingInterrupt,
) -> tuple[str, str | None, str | None, str, str | None, str | None, str | None, str, str]:
    """One row of the interrupt arrays."""
    return (
        pending.interrupt_id,
        pending.task_id,
        pending.node,
        pending.kind,
        pending.action,
        dumps(pending.value).decode(),
        dumps(pending.schema).decode() if pending.schema else None,
        orjson.dumps(pending.allowed).decode(),
        pending.proposal,
    )


def end_of(ending: Ending) -> End:
    """What the END event carries: the body a `wait` answers with."""
    values = ending.output if ending.output is not None else ending.state
    body = wait_body(values, [interrupt for found in ending.interrupts.values() for interrupt in found], ending.error)
    return End(ending.status, body, ending.error)
