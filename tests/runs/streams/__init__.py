"""Tests of runs/streams."""
