"""Which release made LangGraph's tables; apart from `tables`, since importing LangGraph takes a second."""

from importlib.metadata import version

# Raise it when our columns or policies on these tables change.
WALLS = 3


def made_by(dims: int | None) -> str:
    """What the comment of the table `checkpoints` says when nothing is to be done; `dims` of the vectors, None without any."""
    return f"langgraph-checkpoint-postgres {version('langgraph-checkpoint-postgres')}, walls {WALLS}, dims {dims}"
