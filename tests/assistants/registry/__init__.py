"""Tests of `assistants.registry`."""
