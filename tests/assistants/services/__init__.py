"""Tests of `assistants.services`."""
