"""The websocket of one run: its events as JSON frames, and the wish to cancel it."""

import asyncio
import contextlib
import logging
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs

from runs.services.cancel import cancel_run
from runs.services.streaming import Joining, Watch, events_of, watch_run
from runs.services.tickets import redeem_ticket
from runs.streams.read import AccessLost, SlowReader
from runs.wire.events import Event, parse_cursor
from tenants.consumers import BAD_MESSAGE, FAILED, UNAUTHENTICATED, ActorConsumer
from tenants.database.context import acting_for
from tenants.database.threads import in_database
from tenants.exceptions import Conflict, DomainError, Invalid, NotAllowed, NotFound
from tenants.services import audit
from tenants.validation import path_id

logger = logging.getLogger(__name__)

TOO_SLOW = 1013  # "try again later": come back with last_event_id


class RunFeed(ActorConsumer):
    """`/ws/threads/{thread_id}/runs/{run_id}?last_event_id=`: frames `{"id", "event", "data"}`, closed with 1000 after the last one.

    Same events, replay and modes as the run's SSE stream, always with ids. `{"action": "cancel"}` cancels the run; a refusal is an `error`
    frame without id.
    """

    redeem = staticmethod(redeem_ticket)
    pump: asyncio.Task[None] | None = None

    async def opened(self) -> None:
        """Authorise, then follow."""
        watch = await in_database(self._watch)
        self.pump = asyncio.create_task(self._follow(watch))

    async def message(self, message: dict[str, Any]) -> None:
        """The one action there is."""
        if message.get("action") != "cancel":
            await self.close(BAD_MESSAGE)
            return
        try:
            await in_database(self._cancel)
        except DomainError as error:
            await self.say(id=None, event="error", data={"error": type(error).__name__, "message": str(error)})

    async def closed(self) -> None:
        """Stop following."""
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.pump

    def _ids(self) -> dict[str, Any]:
        path = self.scope["url_route"]["kwargs"]
        return {"thread_id": path_id(path["thread_id"]), "run_id": path_id(path["run_id"], "run")}

    def _watch(self) -> Watch:
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        joining = Joining(after=parse_cursor(query.get("last_event_id", [None])[-1]), modes=tuple(query.get("stream_mode", ())))
        try:
            ids = self._ids()
        except Invalid as error:
            raise NotFound(str(error)) from error
        with acting_for(self.actor.tenant_id):
            return watch_run(actor=self.actor, joining=joining, **ids)

    def _cancel(self) -> None:
        ids = self._ids()
        try:
            with acting_for(self.actor.tenant_id):
                cancel_run(actor=self.actor, action="interrupt", **ids)
        except (NotAllowed, Conflict) as error:
            audit.refused(self.actor, "run.cancel", "run", ids["run_id"], str(error))
            raise

    async def _follow(self, watch: Watch) -> None:
        code = FAILED
        try:
            async with aclosing(events_of(watch)) as batches:
                async for batch in batches:
                    for event in batch:
                        await self.send(text_data=text_of(event))
            code = 1000
        except AccessLost:
            code = UNAUTHENTICATED
        except SlowReader:
            code = TOO_SLOW
        except Exception:  # nobody awaits this task while the socket is open: it would hang silently
            logger.exception("a websocket failed", extra={"run_id": str(watch.ref.run_id)})
        await self.close(code)


def text_of(event: Event) -> str:
    """One frame; the event's data is JSON already."""
    return f'{{"id":"{event.id}","event":"{event.event}","data":{event.data.decode()}}}'
