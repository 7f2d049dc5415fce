"""What a client is told about an exception of a run."""

from typing import Literal

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


def cancel_error(action: Literal["interrupt", "rollback"]) -> ErrorRow:
    """What the thread row says after a cancel; the braces are the wire's."""
    name = "UserInterrupt" if action == "interrupt" else "UserRollback"
    return {"error": name, "message": f"{action} requested via POST /threads/{{thread_id}}/runs/{{run_id}}/cancel"}
