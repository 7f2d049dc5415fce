"""Log lines: JSON whatever is logged, and never a key."""

import json
import logging

from config.logging import JsonLines
from tenants.services.api_keys import make_secret


def line(message: str, **extra: object) -> str:
    record = logging.LogRecord("holdfast", logging.INFO, __file__, 1, message, None, None)
    vars(record).update(extra)
    return JsonLines().format(record)


def test_what_no_json_has_does_not_lose_the_line() -> None:
    written = json.loads(line("lone \ud800", size=10**30, deep={1: b"x"}))
    assert (written["size"], written["deep"]) == (10**30, {"1": "b'x'"})


def test_keys_are_masked_wherever_they_are() -> None:
    key = make_secret()
    written = line(f"called with {key}", headers={"X-Api-Key": key}, error=ValueError(key))
    assert key not in written
    assert written.count("holdfast_***") == 3
