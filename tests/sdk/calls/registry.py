"""Checks by the name of the method they call; `tests/sdk/test_surface.py` compares them with the client's own surface."""

from collections.abc import Awaitable, Callable
from typing import Any

Check = Callable[[Any], Awaitable[None]]

CHECKS: dict[str, Check] = {}


def calls(method: str) -> Callable[[Check], Check]:
    """The decorated check takes a client and calls this method, written as `threads.create`."""

    def registered(check: Check) -> Check:
        assert method not in CHECKS, f"{method} has a check"
        CHECKS[method] = check
        return check

    return registered


class Recorded:
    """A client, or a resource of one, that remembers which of its methods were called."""

    def __init__(self, target: Any, called: set[str], path: str = "") -> None:
        self._target, self._called, self._path = target, called, path

    def __getattr__(self, name: str) -> Any:
        found, path = getattr(self._target, name), f"{self._path}{name}"
        if not self._path:
            return Recorded(found, self._called, f"{path}.")

        def remembered(*args: Any, **options: Any) -> Any:
            self._called.add(path)
            return found(*args, **options)

        return remembered
