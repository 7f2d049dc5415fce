"""Waiting for something named, instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, found: Callable[[], T], seconds: float = 20.0) -> T:
    """Ask again until the answer is true; it is returned. Fails with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}; the last answer was {answer!r}")
        time.sleep(0.02)
