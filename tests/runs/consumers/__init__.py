"""Tests of runs/consumers."""
