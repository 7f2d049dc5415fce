"""Parts of a thread's row that a search picks out: `{"last": "values.messages[-1]"}`."""

import json
import re
from collections.abc import Mapping

from tenants.exceptions import Invalid

ROOTS = ("config", "interrupts", "metadata", "values")
MOST = 10
LONGEST = 1000  # characters of a path: PostgreSQL walks one step by step on its stack
ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
STEP = re.compile(r"\.([^.\[\]]+)|\[(-?\d{1,9})\]")


def parse_extract(given: Mapping[str, object]) -> dict[str, tuple[str, str | None]]:
    """Alias → column and JSON path; no path for one that cannot be followed, which finds null. Invalid for a bad alias, root or length."""
    if len(given) > MOST:
        raise Invalid(f"Cannot extract more than {MOST} paths, got {len(given)}")
    found = {}
    for alias, path in given.items():
        if not ALIAS.fullmatch(alias):
            raise Invalid(f"Extract key '{alias}' must be a valid identifier (letters, digits, underscores)")
        root = re.split(r"[.\[]", path, maxsplit=1)[0] if isinstance(path, str) else None
        if not isinstance(path, str) or root not in ROOTS:
            raise Invalid(f"Extract path '{path}' must start with one of: {', '.join(ROOTS)}")
        if len(path) > LONGEST:
            raise Invalid(f"Extract path of '{alias}' is longer than {LONGEST} characters")
        found[alias] = (root, json_path(path[len(root) :]))
    return found


def json_path(steps: str) -> str | None:
    """`.a.b[0][-1]` for PostgreSQL; strict, so that an index fits arrays only and a key objects only. None if it has another form."""
    told, end = ["strict $"], 0
    for step in STEP.finditer(steps):
        if step.start() != end:
            return None
        end = step.end()
        name, index = step.groups()
        told.append(f".{json.dumps(name)}" if index is None else _subscript(int(index)))
    return "".join(told) if end == len(steps) else None


def _subscript(index: int) -> str:
    if index >= 0:
        return f"[{index}]"
    return "[last]" if index == -1 else f"[last - {-index - 1}]"
