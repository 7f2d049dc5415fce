"""One run from claim to end: prepare, stream, settle."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from langchain_core.runnables import RunnableConfig
from langgraph.channels.delta import DeltaChannel
from langgraph.errors import GraphDrained, UnknownInterruptError
from langgraph.runtime import RunControl
from langgraph.types import Command

from assistants.registry.loader import Registry
from runs.checkpoints.repeat import is_passing
from runs.checkpoints.saver import FencedSaver, Head, Rows, RunContext, StaleWriter, current_run
from runs.checkpoints.store.graph_store import Shelves
from runs.engine.database import Claimed, Settlement
from runs.engine.events import with_events
from runs.engine.prepare import DROPPED, Call, call_of, config_of, continued, with_breakpoints, with_store, without_tasks, without_writes
from runs.engine.settle import CRASH_LIMIT, Ending, crashed, end_of, settlement_of, stale, without_values
from runs.engine.stream import EventLog, EventStream
from runs.engine.tokens import straight
from runs.lifecycle.interrupts import pending_interrupts
from runs.streams.publish import Publisher
from runs.wire.commands import ends
from runs.wire.encoding import dumps
from runs.wire.errors import error_json

logger = logging.getLogger("runs.engine")


@dataclass(frozen=True, slots=True)
class Parts:
    """What all runs of a process share."""

    registry: Registry
    saver: FencedSaver
    shelves: Shelves
    publisher: Publisher
    write: Callable[[RunContext, Rows], Coroutine[Any, Any, None]]
    settle: Callable[[Settlement], Coroutine[Any, Any, tuple[str, bool]]]


async def execute(run: Claimed, parts: Parts, stream: EventStream, control: RunControl) -> bool:
    """Run the graph and settle. Returns whether the thread has more to do. Raises GraphDrained at a superstep when `control` asks for it.

    A run that is no longer ours ends without a trace (StaleWriter).
    """
    context = RunContext(run.tenant_id, run.run_id, run.thread_id, run.attempt, run.attempt == 1 and run.head_checkpoint_id is None, Head())
    current_run.set(context)
    stream.log = EventLog(context, parts.write) if run.resumable else None
    if run.crashes >= CRASH_LIMIT:
        ending = await unexecuted(run, parts, crashed(run), context)
    elif run.base_checkpoint_id and run.attempt == 1 and run.base_checkpoint_id != run.head_checkpoint_id:
        ending = await unexecuted(run, parts, stale(), context)
    else:
        ending = await drive(run, parts, stream, control, context)
    if ending.error:
        stream.emit("error", dumps(ending.error))
    if stream.log is not None:
        await stream.log.flush()
    ending.head = ending.head or context.head.checkpoint_id  # also where the state could not be read: a thread with checkpoints has a head
    return await settle(run, parts, stream, ending)


async def settle(run: Claimed, parts: Parts, stream: EventStream, ending: Ending) -> bool:
    """Write the end, then tell who waits: a client resumes the moment it sees the end."""
    try:
        outcome, more = await parts.settle(settlement_of(run, ending))
        data = end_of(ending).data()
    except Exception as error:
        if is_passing(error):  # the result is good: it is found again when PostgreSQL is back and the lease has expired
            raise
        logger.exception("result could not be stored", extra=ids(run))
        ending = without_values(error_json(error), ending.head)
        stream.emit("error", dumps(ending.error))
        if stream.log is not None:
            await stream.log.flush()
        outcome, more = await parts.settle(settlement_of(run, ending))
        data = end_of(ending).data()
    if outcome != "settled":
        raise StaleWriter("the run was ended by somebody else")
    if ending.pending or run.resume_ids or run.base_checkpoint_id:  # what opened, what is open again, what a new run has closed
        parts.publisher.tell_inbox(run.tenant_id)
    stream.end(data)
    return more


def ids(run: Claimed) -> dict[str, Any]:
    """For logs."""
    return {"tenant_id": str(run.tenant_id), "run_id": str(run.run_id), "thread_id": str(run.thread_id), "attempt": run.attempt}


@dataclass(slots=True)
class Seen:
    """What passed by while the graph streamed."""

    output: Any = None
    paused: bool = False
    error: BaseException | None = None
    late: bool = False


async def drive(run: Claimed, parts: Parts, stream: EventStream, control: RunControl, context: RunContext) -> Ending:
    """Stream the graph to its end, its pause or its error."""
    seen = Seen()
    try:
        loaded = parts.registry.get(run.graph_id)
        call, store = call_of(run, loaded.context_keys), parts.shelves.bound_to(context)
        async with loaded.graph(call.config, purpose="run", checkpointer=parts.saver, store=store, context=call.context) as graph:
            call = with_breakpoints(with_store(call, store), graph)
            stream.emit("metadata", dumps({"run_id": str(run.run_id), "attempt": run.attempt}))
            call, made = await again(run, parts.saver, call) if run.attempt > 1 else (call, None)
            if made not in (None, DROPPED) and await at_breakpoint(run, graph, call):
                return await with_state(run, graph, Ending("success"), breakpoint_hit=True)
            try:
                if ends(run.kwargs) and call.input is not None and run.head_checkpoint_id is not None:
                    call = await without_tasks(graph, call, dropped=made == DROPPED)
                    context.head.checkpoint_id = None  # what the command writes now makes no checkpoint: read the state
                await consume(graph, call, stream, control, seen)
            except (GraphDrained, StaleWriter):
                raise
            except (Exception, asyncio.CancelledError, SystemExit, KeyboardInterrupt) as error:  # graph code may raise anything
                if is_stopped():
                    raise asyncio.CancelledError from error
                seen.error = error
            if isinstance(seen.error, UnknownInterruptError):
                return await with_state(run, graph, stale(), breakpoint_hit=await at_breakpoint(run, graph, call))
            return await ending_of(run, graph, context, seen)
    except (GraphDrained, StaleWriter):
        raise
    except (Exception, SystemExit) as error:
        logger.info("graph could not be made", extra=ids(run), exc_info=True)
        return Ending("error", error=error_json(error))


def is_stopped() -> bool:
    """Whether the engine has cancelled this task; graph code can raise CancelledError by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def unexecuted(run: Claimed, parts: Parts, ending: Ending, context: RunContext) -> Ending:
    """The end of a run that is not executed: its thread and interrupts as the head has them, where it can be read."""
    if run.crashes > CRASH_LIMIT:  # reading it was the last thing that its worker did
        return ending
    try:
        loaded = parts.registry.get(run.graph_id)
        store = parts.shelves.bound_to(context)
        async with loaded.graph(config_of(run), purpose="state", checkpointer=parts.saver, store=store) as graph:
            call = with_breakpoints(call_of(run), graph)
            return await with_state(run, graph, ending, breakpoint_hit=await at_breakpoint(run, graph, call))
    except Exception:
        logger.warning("head could not be read", extra=ids(run), exc_info=True)
        return ending


async def consume(graph: Any, call: Call, stream: EventStream, control: RunControl, seen: Seen) -> None:
    """Pass on what is streamed and remember what the end needs. A run that its time limit has ended is late, whatever it raised then."""
    limit = asyncio.timeout(settings.RUN_TIMEOUT_SECONDS)
    try:
        with straight(call, stream.asked, stream.chunk) as call:
            async with limit, aclosing(chunks_of(graph, call, control)) as chunks:
                async for chunk in chunks:
                    namespace, mode, value = chunk if call.subgraphs else ((), *chunk)
                    if not namespace:
                        if mode == "values":
                            seen.output = value
                        elif mode == "updates" and isinstance(value, dict) and "__interrupt__" in value:
                            seen.paused = True
                    stream.chunk(namespace, mode, value)
    except (GraphDrained, StaleWriter):
        raise
    except Exception:
        if not limit.expired():
            raise
    seen.late = limit.expired()


def chunks_of(graph: Any, call: Call, control: RunControl) -> AsyncGenerator[Any, None]:
    """The graph's stream."""
    options = {"stream_mode": call.modes, "subgraphs": call.subgraphs, "durability": call.durability, "control": control}
    options |= {"interrupt_before": call.interrupt_before, "interrupt_after": call.interrupt_after}
    options["output_keys"] = graph.output_channels  # the output schema: what `invoke` would return, private channels left out
    if call.context is not None:
        options["context"] = call.context
    if call.events:
        return with_events(graph, call, **options)
    stream: AsyncGenerator[Any, None] = graph.astream(call.input, call.config, **options)
    return stream


async def again(run: Claimed, saver: FencedSaver, call: Call) -> tuple[Call, str | None]:
    """What is left of the call after attempts that broke off, and the source of the head if one of them has made it."""
    made = await progress(run, saver)
    if made not in (None, DROPPED):
        return continued(call), made
    if isinstance(call.input, Command) and await saver.wrote_command():
        return continued(call) if made == DROPPED else without_writes(call), made
    return call, made


async def progress(run: Claimed, saver: FencedSaver) -> str | None:
    """The source of the head, if an earlier attempt of this run has made it. DROPPED is the first thing that a run can do."""
    found = await saver.aget_tuple({"configurable": {"thread_id": str(run.thread_id), "checkpoint_ns": ""}})
    if found is None or found.metadata.get("run_id") != str(run.run_id):
        return None
    return found.metadata.get("source")


async def at_breakpoint(run: Claimed, graph: Any, call: Call) -> bool:
    """Whether the head is a static breakpoint: LangGraph takes going on from there as leave to pass it."""
    before, after = call.interrupt_before, call.interrupt_after
    if not before and not after:
        return False
    head = await graph.aget_state({"configurable": {"thread_id": str(run.thread_id)}})
    if not head.next:
        return False
    if before == "*" or set(before) & set(head.next):
        return True
    if not after or head.parent_config is None or head.metadata.get("source") != "loop":
        return False
    finished = (await graph.aget_state(head.parent_config)).next
    return bool(finished) and (after == "*" or bool(set(after) & set(finished)))


async def ending_of(run: Claimed, graph: Any, context: RunContext, seen: Seen) -> Ending:
    """Read the state only where what passed by does not tell it: after a pause, an error, or a run without a checkpoint of its own."""
    if seen.late:
        message = f"The run took longer than {settings.RUN_TIMEOUT_SECONDS} seconds."
        return await with_state(run, graph, Ending("timeout", error={"error": "TimeoutError", "message": message}), breakpoint_hit=False)
    if seen.error is not None:
        logger.info("run failed", extra={**ids(run), "error": type(seen.error).__name__})
        return await with_state(run, graph, Ending("error", error=error_json(seen.error)), breakpoint_hit=False)
    output = seen.output if "values" in run.kwargs["stream_mode"] else None
    if isinstance(output, dict) and "__interrupt__" in output:
        output = {key: value for key, value in output.items() if key != "__interrupt__"}
    ending = Ending("success", output=output)
    if seen.paused or context.head.checkpoint_id is None or any(isinstance(channel, DeltaChannel) for channel in graph.channels.values()):
        return await with_state(run, graph, ending, breakpoint_hit=seen.paused)
    ending.head, ending.state = context.head.checkpoint_id, values_of(graph, context.head.channel_values)
    return ending


def values_of(graph: Any, channels: dict[str, Any]) -> Any:
    """A state's values, from a checkpoint's channels."""
    shown = graph.stream_channels_asis
    if isinstance(shown, str):
        return channels.get(shown)
    return {name: channels[name] for name in shown if name in channels}


async def with_state(run: Claimed, graph: Any, ending: Ending, *, breakpoint_hit: bool) -> Ending:
    """Add what the head checkpoint says."""
    config: RunnableConfig = {"configurable": {"thread_id": str(run.thread_id)}}
    snapshot = await graph.aget_state(config)
    ending.head = (snapshot.config.get("configurable") or {}).get("checkpoint_id")
    ending.state = snapshot.values if ending.head else None
    ending.unfinished = bool(snapshot.next)
    ending.interrupts = {task.id: list(task.interrupts) for task in snapshot.tasks if task.interrupts}
    ending.pending = pending_interrupts(snapshot, breakpoint_hit=breakpoint_hit)
    return ending
