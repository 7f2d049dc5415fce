"""Use cases of assistants."""
