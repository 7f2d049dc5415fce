"""Checks of what clients send, with the wire's error text."""

from typing import Any, Protocol
from uuid import UUID

import jsonschema_rs

from tenants.exceptions import Invalid


class Validator(Protocol):
    """What `jsonschema_rs.validator_for` returns."""

    def validate(self, instance: Any) -> None:
        """Raise `jsonschema_rs.ValidationError` on the first violation."""


def check(validator: Validator, instance: object) -> None:
    """Raise Invalid with the violation, the failing part of the schema and the offending value, unless the instance is valid."""
    try:
        validator.validate(instance)
    except jsonschema_rs.ValidationError as error:
        raise Invalid(str(error)) from error
    except ValueError as error:  # a number or string that jsonschema_rs cannot take over at all
        raise Invalid(f"Invalid JSON in request body: {error}") from error


def path_id(text: str, noun: str = "thread", *, brief: bool = False) -> UUID:
    """The UUID of a path; `brief` is the text of the routes that create runs. Raises Invalid."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(f"Invalid {noun} ID" + ("" if brief else ": must be a UUID")) from error
