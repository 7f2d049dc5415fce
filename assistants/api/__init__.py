"""HTTP of assistants."""
