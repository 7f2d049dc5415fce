"""The official Python SDK, async and sync, against a running server."""
