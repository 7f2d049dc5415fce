"""Tables of assistants."""

from assistants.models.assistant import Assistant, AssistantVersion
from assistants.models.graph import Graph

__all__ = ["Assistant", "AssistantVersion", "Graph"]
