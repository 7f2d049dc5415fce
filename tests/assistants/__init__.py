"""Tests of `assistants`."""
