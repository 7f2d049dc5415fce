"""Whose message a client may read when an exception is shown, wherever that is."""

from langgraph.errors import EmptyInputError, GraphBubbleUp, InvalidUpdateError, TaskNotFound, UnknownInterruptError

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


def masked(error: BaseException) -> ErrorRow:
    """Class name and message; the message of a class that may carry secrets of the graph is masked."""
    return {"error": type(error).__name__, "message": str(error) if isinstance(error, _SHOWN) else MASKED}
