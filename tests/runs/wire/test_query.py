"""Query parameters."""

import pytest

from runs.wire.query import many, one, truth
from tenants.exceptions import Invalid
from tenants.validation import path_id


@pytest.mark.parametrize(
    ("values", "items"),
    [
        ([], ()),
        (["a"], ("a",)),
        (["a", "b"], ("a", "b")),
        (["a,b"], ("a", "b")),
        (['["a","b"]'], ("a", "b")),
        (["[a"], ("[a",)),
        (["[]"], ()),
    ],
)
def test_a_list_is_repeated_joined_or_json(values: list[str], items: tuple[str, ...]) -> None:
    assert many({"mode": values}, "mode") == items


def test_synonyms_are_one_list() -> None:
    assert many({"stream_mode": ["a"], "stream_modes": ["b"]}, "stream_mode", "stream_modes") == ("a", "b")


@pytest.mark.parametrize(("value", "yes"), [("1", True), ("true", True), ("Yes", True), ("0", False), ("", False), ("no", False)])
def test_truth_has_three_spellings(value: str, yes: bool) -> None:
    assert truth({"wait": [value]}, "wait") is yes
    assert not truth({}, "wait")


def test_the_last_of_repeated_values_counts() -> None:
    assert one({"a": ["1", "2"]}, "a") == "2"


def test_a_path_that_is_no_uuid_is_refused_in_two_wordings() -> None:
    with pytest.raises(Invalid, match=r"^Invalid run ID: must be a UUID$"):
        path_id("nope", "run")
    with pytest.raises(Invalid, match=r"^Invalid thread ID$"):
        path_id("nope", brief=True)
