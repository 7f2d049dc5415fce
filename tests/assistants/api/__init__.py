"""Tests of `assistants.api`."""
