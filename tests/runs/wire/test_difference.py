"""What differs between two proposals."""

from typing import Any

import pytest

from runs.wire.difference import MOST, difference


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [{"op": "replace", "path": "/a", "before": 1, "after": 2}]),
        ({"a": 1}, {"b": 1}, [{"op": "remove", "path": "/a", "before": 1}, {"op": "add", "path": "/b", "after": 1}]),
        ({"a": {"x/y~": [1, 2]}}, {"a": {"x/y~": [1]}}, [{"op": "remove", "path": "/a/x~1y~0/1", "before": 2}]),
        ([1], [1, None], [{"op": "add", "path": "/1", "after": None}]),
        (1, True, [{"op": "replace", "path": "", "before": 1, "after": True}]),
        (1, 1.0, [{"op": "replace", "path": "", "before": 1, "after": 1.0}]),
        ({}, [], [{"op": "replace", "path": "", "before": {}, "after": []}]),
    ],
)
def test_changes_turn_one_into_the_other(before: Any, after: Any, changes: list[Any]) -> None:
    assert difference(before, after) == changes


def test_a_difference_is_bounded() -> None:
    assert len(difference([0] * 5000, [1] * 5000)) == MOST
