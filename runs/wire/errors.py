"""What a client is told about an exception of a run."""

from langgraph.errors import EmptyInputError, GraphBubbleUp, InvalidUpdateError, TaskNotFound, UnknownInterruptError

from runs.wire.encoding import to_json

MASKED = "An internal error occurred"

_SHOWN = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RuntimeError,
    RecursionError,
    TimeoutError,
    InvalidUpdateError,
    GraphBubbleUp,
    EmptyInputError,
    TaskNotFound,
    UnknownInterruptError,
)


ErrorRow = dict[str, str]


def error_json(error: BaseException) -> ErrorRow:
    """Class name and message; the message of a class that may carry secrets of the graph is masked."""
    message = str(error) if isinstance(error, _SHOWN) else MASKED
    return {"error": type(error).__name__, "message": to_json(message)}
