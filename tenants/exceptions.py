"""Errors of the domain; `tenants/api/errors.py` alone knows their status codes."""

from typing import Any, Literal


class DomainError(Exception):
    """Something the caller has to know; `str(error)` is shown to them.

    `form`: how the wire has it, `{"detail": …}`, `{"error": …}` or plain "text". `more`: what a program wants to know beside the text.
    """

    form: Literal["detail", "error", "text"] = "detail"
    more: "dict[str, Any] | None" = None


class BadRequest(DomainError):
    """The request contradicts itself or the graph refuses it."""


class NotAuthenticated(DomainError):
    """Nobody valid is calling."""


class NotAllowed(DomainError):
    """Visible, but not permitted to this actor; `action` is what the audit log calls it."""

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.action = action


class NotFound(DomainError):
    """Does not exist, or belongs to somebody else: the same answer."""


class Conflict(DomainError):
    """Another change was first, or the object's status does not admit this."""

    def __init__(self, message: str, more: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.more = more


class Invalid(DomainError):
    """The request violates its schema."""


class NotSupported(Invalid):
    """A known field or value that is not built yet."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not supported yet")


class TooLarge(DomainError):
    """The body is over the limit."""


class InvalidLabel(Invalid):
    """A label of a store namespace that cannot be one."""

    form = "text"


class KeyMissing(BadRequest):
    """An item of the store was asked for without its key."""

    form = "error"


class Unavailable(DomainError):
    """Something outside that this needs does not answer."""
