"""Which release made LangGraph's tables; apart from `tables`, since importing LangGraph takes a second."""

from importlib.metadata import version

# Raise it when our columns or policies on these tables change.
WALLS = 1


def made_by() -> str:
    """What the comment of the table `checkpoints` says when nothing is to be done."""
    return f"langgraph-checkpoint-postgres {version('langgraph-checkpoint-postgres')}, walls {WALLS}"
