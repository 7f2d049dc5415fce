"""Following runs and threads: who may, what they are shown, what a waiting request answers, and what happens when they leave."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.conf import settings

from runs.models import Run, Thread
from runs.services.access import run_for, thread_for
from runs.services.cancel import cancel_run
from runs.streams.control import stopped
from runs.streams.read import Following, ThreadRef, follow
from runs.streams.rows import LOST, RunRef
from runs.wire.encoding import dumps
from runs.wire.events import END, REPLAY, STATE_UPDATE, Cursor, End, Event
from runs.wire.sse import in_thread, named, select_mode
from runs.wire.wait import join_body
from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.database.threads import in_database
from tenants.exceptions import DomainError
from tenants.policy import Permission, require

logger = logging.getLogger(__name__)

GONE = {"__error__": {"error": "HTTPException", "message": "404: Run not found"}}


@dataclass(frozen=True, slots=True)
class Watch:
    """One follower of one run.

    `after` None: from now on; ids are honoured for resumable runs only. `modes` empty: all. `created`: the run was made by this request.
    `cancels`: whoever leaves before the end cancels the run.
    """

    actor: Actor
    ref: RunRef
    after: Cursor | None = None
    modes: tuple[str, ...] = ()
    created: bool = False
    cancels: bool = False


def watch_created(actor: Actor, run: Run, *, cancels: bool) -> Watch:
    """The creator's view: everything from the first event on."""
    return Watch(actor, RunRef.of(run, actor.key_id), after=REPLAY, created=True, cancels=cancels)


@dataclass(frozen=True, slots=True)
class Joining:
    """How somebody wants to follow a run that is there."""

    after: Cursor | None = None
    modes: tuple[str, ...] = ()
    cancels: bool = False


def watch_run(*, actor: Actor, thread_id: UUID, run_id: UUID, joining: Joining) -> Watch:
    """A joiner's view; whoever cannot see the run gets NotFound, and `cancels` needs the permission to cancel."""
    run = run_for(actor, thread_id, run_id)
    if joining.cancels:
        require(actor, Permission.RUN_CANCEL)
    after = joining.after if run.resumable else None
    return Watch(actor, RunRef.of(run, actor.key_id), after=after, modes=joining.modes, cancels=joining.cancels)


async def events_of(watch: Watch) -> AsyncGenerator[list[Event], None]:
    """What the follower is shown, in batches; an empty one after HEARTBEAT_SECONDS in which nothing was.

    Ends after the run row is terminal. Raises SlowReader and AccessLost.
    """
    view, silence, ended = _View(watch), _Silence(), False
    how = Following(after=watch.after, fresh=watch.created)
    try:
        async with aclosing(follow(watch.ref, how)) as batches:
            async for batch in batches:
                ended = bool(batch) and batch[-1].event == END
                shown = await view.of(batch)
                if silence.broken(shown) or silence.due():
                    yield shown
    finally:
        if watch.cancels and not ended:
            await _left(watch)


async def body_of(watch: Watch) -> AsyncGenerator[bytes, None]:
    """The body of a wait or join: a line break after every HEARTBEAT_SECONDS until the run has ended, then JSON. Raises AccessLost."""
    ended = watch.ref.ended
    end: End | None = None
    try:
        if not ended:
            async with aclosing(follow(watch.ref, Following(fresh=watch.created, end_only=True))) as batches:
                async for batch in batches:
                    if batch:
                        end, ended = End.read(batch[-1].data), True
                    else:
                        yield b"\n"
    finally:
        if watch.cancels and not ended:
            await _left(watch)
    yield end.wait if end is not None and end.wait is not None else await in_database(_stored_body, watch.ref)


async def stopped_body(run: Run) -> AsyncGenerator[bytes, None]:
    """The body of a cancel that waits: `{}` once no worker executes the run, at latest after 15 s; line breaks meanwhile."""
    if run.lease_owner is not None:
        async for _ in stopped(run.run_id):
            yield b"\n"
    yield b"{}"


@dataclass(frozen=True, slots=True)
class ThreadWatch:
    """One follower of a thread, over all its runs. `after` None: from now on."""

    actor: Actor
    ref: ThreadRef
    modes: Collection[str]
    after: Cursor | None


def watch_thread(*, actor: Actor, thread_id: UUID, modes: Collection[str], after: Cursor | None) -> ThreadWatch:
    """A follower's view of a thread; whoever cannot see it gets NotFound."""
    thread = thread_for(actor, thread_id)
    require(actor, Permission.RUN_READ)
    return ThreadWatch(actor, ThreadRef(actor.tenant_id, thread_id, actor.key_id, thread.epoch_ms), modes, after)


async def thread_events_of(watch: ThreadWatch) -> AsyncGenerator[list[Event], None]:
    """What the follower is shown, in batches; an empty one after HEARTBEAT_SECONDS in which nothing was.

    Stays open until the thread is deleted. Raises SlowReader and AccessLost.
    """
    silence = _Silence()
    how = Following(after=watch.after, updates_only=set(watch.modes) == {STATE_UPDATE})
    async with aclosing(follow(watch.ref, how)) as batches:
        async for batch in batches:
            shown = [named(event) for event in batch if in_thread(event, watch.modes)]
            if silence.broken(shown) or silence.due():
                yield shown


class _Silence:
    """Since when nothing has been shown."""

    def __init__(self) -> None:
        self._shown_at = time.monotonic()

    def broken(self, shown: list[Event]) -> bool:
        """Whether something is shown now."""
        if shown:
            self._shown_at = time.monotonic()
        return bool(shown)

    def due(self) -> bool:
        """Whether it is time for a heartbeat; counts as one."""
        now = time.monotonic()
        if now - self._shown_at < settings.HEARTBEAT_SECONDS - 0.1:
            return False
        self._shown_at = now
        return True


class _View:
    """Picks what one follower sees, and makes up for what was lost."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._failed = False
        self._everything = watch.created or (watch.ref.resumable and not watch.modes)

    async def of(self, batch: list[Event]) -> list[Event]:
        """The part of a batch that is shown."""
        shown = []
        for event in batch:
            if event.event == END:
                shown += self._end(event)
            elif event.event == LOST:
                shown += await in_database(_final_values, self._watch, event)
            elif self._everything or self._wanted(event.event):
                self._failed = self._failed or event.event == "error"
                shown.append(event)
        return shown

    def _wanted(self, name: str) -> bool:
        if self._watch.modes:
            return select_mode(name, self._watch.modes)
        return name != "metadata"  # joiners of runs that cannot be resumed never get it

    def _end(self, event: Event) -> list[Event]:
        """Nothing, or the error frame that did not arrive."""
        error = None if self._failed else End.read(event.data).error
        return [] if error is None else [Event(event.epoch_ms, event.n, "error", orjson.dumps(error))]


def _final_values(watch: Watch, event: Event) -> list[Event]:
    """A stream that was lost ends with the thread's values, if values were asked for."""
    ref = watch.ref
    with acting_for(ref.tenant_id):
        kwargs = Run.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).values_list("kwargs", flat=True).first()
        if kwargs is None or "values" not in (watch.modes or kwargs.get("stream_mode") or ("values",)):
            return []
        values = Thread.objects.for_tenant(ref.tenant_id).filter(thread_id=ref.thread_id).values_list("values", flat=True).first()
    return [] if values is None else [Event(event.epoch_ms, event.n, "values", dumps(values))]


def _stored_body(ref: RunRef) -> bytes:
    """The body from rows: as for a join of a finished run."""
    with acting_for(ref.tenant_id):
        run = Run.objects.for_tenant(ref.tenant_id).filter(run_id=ref.run_id).first()
        thread = Thread.objects.for_tenant(ref.tenant_id).filter(thread_id=ref.thread_id).first()
    return dumps(GONE) if run is None or thread is None else join_body(thread, run)


async def _left(watch: Watch) -> None:
    """The follower has gone and wanted the run to end with them; done even if the request's task is cancelled meanwhile."""
    await asyncio.shield(in_database(_cancel, watch))


def _cancel(watch: Watch) -> None:
    ref = watch.ref
    try:
        with acting_for(ref.tenant_id):
            cancel_run(actor=watch.actor, thread_id=ref.thread_id, run_id=ref.run_id, action="disconnect")
    except DomainError as error:  # it has ended meanwhile, or is another's by now
        logger.info("a run was not cancelled when its reader left", extra={"run_id": str(ref.run_id), "reason": str(error)})
