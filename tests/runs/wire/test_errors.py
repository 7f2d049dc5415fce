"""What a client is told about an exception."""

import pytest
from langgraph.errors import EmptyInputError, GraphRecursionError, InvalidUpdateError

from runs.wire.errors import MASKED, error_json


class Secret(Exception):
    """Of a graph's author."""


@pytest.mark.parametrize(
    "error",
    [
        ValueError("m"),
        TypeError("m"),
        AttributeError("m"),
        RuntimeError("m"),
        NotImplementedError("m"),
        TimeoutError("m"),
        InvalidUpdateError("m"),
        EmptyInputError("m"),
        GraphRecursionError("m"),
    ],
)
def test_messages_of_known_classes_are_shown(error: Exception) -> None:
    assert error_json(error) == {"error": type(error).__name__, "message": "m"}


def test_key_error_shows_its_key_in_quotes() -> None:
    assert error_json(KeyError("nine")) == {"error": "KeyError", "message": "'nine'"}


@pytest.mark.parametrize("error", [Secret("password"), OSError("/path"), LookupError("x")])
def test_messages_of_other_classes_are_masked(error: Exception) -> None:
    assert error_json(error) == {"error": type(error).__name__, "message": MASKED}


def test_a_message_can_always_be_stored() -> None:
    assert error_json(ValueError("a\0\ud800"))["message"] == "a\ufffd?"
