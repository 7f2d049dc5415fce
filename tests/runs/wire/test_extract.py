"""Paths that a search extracts."""

import pytest

from runs.wire.extract import json_path, parse_extract
from tenants.exceptions import Invalid

PATHS = {
    "": "strict $",
    ".a": 'strict $."a"',
    ".a.b[0]": 'strict $."a"."b"[0]',
    "[-1]": "strict $[last]",
    ".a[-3].b": 'strict $."a"[last - 2]."b"',
    '.a"b': 'strict $."a\\"b"',
    ".x[*]": None,
    ".x[]": None,
    "..x": None,
    ".": None,
    ".x[0": None,
    ".x[1.5]": None,
}


@pytest.mark.parametrize(("steps", "told"), PATHS.items())
def test_paths_are_told_to_postgresql(steps: str, told: str | None) -> None:
    assert json_path(steps) == told


def test_root_is_a_column() -> None:
    assert parse_extract({"all": "interrupts", "first": "values[0]"}) == {
        "all": ("interrupts", "strict $"),
        "first": ("values", "strict $[0]"),
    }


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"a b": "values.x"}, "Extract key 'a b' must be a valid identifier"),
        ({"1a": "values.x"}, "must be a valid identifier"),
        ({"x": "status"}, "Extract path 'status' must start with one of: config, interrupts, metadata, values"),
        ({"x": "valuesque.a"}, "must start with one of"),
        ({"x": 5}, "must start with one of"),
        ({f"x{n}": "values" for n in range(11)}, "more than 10 paths"),
        ({"x": "values" + ".a" * 500}, "Extract path of 'x' is longer than 1000 characters"),
    ],
)
def test_what_cannot_be_extracted_is_refused(given: dict[str, object], text: str) -> None:
    with pytest.raises(Invalid, match=text):
        parse_extract(given)
