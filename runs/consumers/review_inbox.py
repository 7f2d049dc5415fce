"""The websocket of a tenant's review items."""

import asyncio
import contextlib
import logging
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from runs.services.inbox import Inbox, changes_of, watch_inbox
from runs.services.tickets import redeem_ticket
from runs.streams.read import AccessLost
from runs.wire.reviews import review_json
from tenants.consumers import BAD_MESSAGE, FAILED, UNAUTHENTICATED, ActorConsumer
from tenants.exceptions import Invalid

logger = logging.getLogger(__name__)


class ReviewInbox(ActorConsumer):
    """`/ws/reviews?cursor=`: frames `{"event": "items", "cursor", "reset", "more", "items"}`, rows as `POST /reviews/search` has them.

    The first frame comes at once: what has changed since the cursor of a frame seen before, else the open items (`reset`). Then a frame
    for whatever opens, is assigned or closes. An item may come twice; the later row counts. Clients say nothing.
    """

    redeem = staticmethod(redeem_ticket)
    pump: asyncio.Task[None] | None = None

    async def opened(self) -> None:
        """Authorise, then follow."""
        self.pump = asyncio.create_task(self._follow(watch_inbox(actor=self.actor, cursor=self._cursor())))

    async def message(self, message: dict[str, Any]) -> None:
        """There is nothing to say."""
        await self.close(BAD_MESSAGE)

    async def closed(self) -> None:
        """Stop following."""
        if self.pump is not None:
            self.pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.pump

    def _cursor(self) -> datetime | None:
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        text = query.get("cursor", [""])[-1].replace(" ", "+")  # a `+` that nobody has escaped
        if not text:
            return None
        try:
            cursor = datetime.fromisoformat(text)
        except ValueError as error:
            raise Invalid("cursor must be one that this websocket has sent") from error
        if cursor.tzinfo is None:
            raise Invalid("cursor must have a time zone")
        return cursor

    async def _follow(self, inbox: Inbox) -> None:
        code = FAILED
        try:
            async with aclosing(changes_of(inbox)) as frames:
                async for changes in frames:
                    await self.say(
                        event="items",
                        cursor=changes.cursor.isoformat(),
                        reset=changes.reset,
                        more=changes.more,
                        items=[review_json(found) for found in changes.items],
                    )
        except AccessLost:
            code = UNAUTHENTICATED
        except Exception:  # nobody awaits this task while the socket is open: it would hang silently
            logger.exception("a websocket failed", extra={"tenant_id": str(self.actor.tenant_id)})
        await self.close(code)
