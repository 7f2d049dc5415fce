"""The base of every websocket: knows its actor before it does anything."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import timezone

from tenants.actors import Actor
from tenants.database.threads import in_database
from tenants.exceptions import DomainError, NotAllowed, NotAuthenticated, NotFound
from tenants.services.api_keys import authenticate

PROTOCOL = "holdfast"
TICKET = "ticket."
BAD_MESSAGE, UNAUTHENTICATED, FORBIDDEN, UNKNOWN, FAILED = 4400, 4401, 4403, 4404, 4500


class ActorConsumer(AsyncWebsocketConsumer):
    """Authenticates once, by `X-Api-Key` (or Bearer), else by a ticket among the subprotocols: `holdfast, ticket.<ticket>`.

    Subclasses say how tickets are redeemed and what happens in `opened`, `message` and `closed`. Refusals are close codes after the
    handshake, since browsers show no others: 4401, 4403, 4404, 4400 for a message that makes no sense. There are no cookies, so that a
    foreign page has nothing to ride on; Origin is checked all the same.
    """

    actor: Actor
    redeem: Callable[[str, str], Actor]

    async def connect(self) -> None:
        """Handshake, then `opened`."""
        offered = self.scope.get("subprotocols", [])
        await self.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        try:
            self.check_origin()
            self.actor = replace(await self.authenticated(offered), address=(self.scope.get("client") or [None])[0])
            await self.opened()
        except DomainError as error:
            await self.close(code_of(error))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A JSON object goes to `message`; anything else closes."""
        try:
            message = orjson.loads(text_data or b"")
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not hasattr(self, "actor"):
            await self.close(BAD_MESSAGE)
            return
        await self.message(message)

    async def disconnect(self, code: int) -> None:
        """The socket is closed."""
        await self.closed()

    async def opened(self) -> None:
        """The actor is known. DomainErrors close the socket."""

    async def message(self, message: dict[str, Any]) -> None:
        """The client says something."""

    async def closed(self) -> None:
        """Stop whatever `opened` has started."""

    def check_origin(self) -> None:
        """A browser must come from our own host or a configured origin. Raises NotAllowed."""
        origin, host = self.header(b"origin"), self.header(b"host")
        allowed = settings.CORS_ORIGINS == ["*"] or origin in settings.CORS_ORIGINS
        if origin and not allowed and urlsplit(origin).netloc != host:
            raise NotAllowed("This origin may not open websockets here.")

    async def authenticated(self, offered: Iterable[str]) -> Actor:
        """Whose socket this is. Raises NotAuthenticated."""
        if key := self.key():
            return await in_database(authenticate, key, now=timezone.now())
        ticket = next((each.removeprefix(TICKET) for each in offered if each.startswith(TICKET)), None)
        if ticket is None:
            raise NotAuthenticated("Neither a key nor a ticket")
        return await in_database(type(self).redeem, ticket, self.scope["path"])

    def key(self) -> str:
        """The API key of the handshake."""
        scheme, _, credentials = self.header(b"authorization").partition(" ")
        return self.header(b"x-api-key").strip() or (credentials.strip() if scheme.lower() == "bearer" else "")

    def header(self, name: bytes) -> str:
        """A header of the handshake; empty if it was not sent."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    async def say(self, **frame: Any) -> None:
        """Send one JSON frame."""
        await self.send(text_data=orjson.dumps(frame).decode())


class Nowhere(AsyncWebsocketConsumer):
    """An address that has no websocket: closed with 4404."""

    async def connect(self) -> None:
        """After the handshake, since browsers show no code before."""
        await self.accept()
        await self.close(UNKNOWN)


def code_of(error: DomainError) -> int:
    """The close code of a refusal."""
    if isinstance(error, NotAuthenticated):
        return UNAUTHENTICATED
    if isinstance(error, NotAllowed):
        return FORBIDDEN
    return UNKNOWN if isinstance(error, NotFound) else BAD_MESSAGE
