"""Fixtures: as for the streams of the API."""

from tests.runs.streams.conftest import center, publisher

__all__ = ["center", "publisher"]
