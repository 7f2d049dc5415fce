"""What a client is told about the exception that a run failed with."""

from typing import cast

from runs.wire.encoding import to_json
from runs.wire.masking import MASKED, ErrorRow

__all__ = ["MASKED", "error_json"]


def error_json(error: BaseException) -> ErrorRow:
    """Class name and message, masked, as text that can always be stored."""
    return cast(ErrorRow, to_json(error))
