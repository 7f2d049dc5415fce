"""What differs between two JSON values, as JSON."""

from typing import Any

Json = dict[str, Any]
MOST = 500


def difference(before: Any, after: Any) -> list[Json]:
    """Changes that turn one value into the other: `{"op", "path", "before", "after"}`, paths as JSON pointers; at most MOST of them."""
    found: list[Json] = []
    _compare("", before, after, found)
    return found[:MOST]


def _compare(path: str, before: Any, after: Any, found: list[Json]) -> None:
    if len(found) >= MOST:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = ([each[key]] if key in each else [] for each in (before, after))
            _member(f"{path}/{_escaped(key)}", old, new, found)
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            _member(f"{path}/{place}", before[place : place + 1], after[place : place + 1], found)
    elif type(before) is not type(after) or before != after:
        found.append({"op": "replace", "path": path, "before": before, "after": after})


def _member(path: str, before: list[Any], after: list[Any], found: list[Json]) -> None:
    """A part that both may have: one value or none on each side."""
    if before and after:
        _compare(path, before[0], after[0], found)
    elif after:
        found.append({"op": "add", "path": path, "after": after[0]})
    else:
        found.append({"op": "remove", "path": path, "before": before[0]})


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
