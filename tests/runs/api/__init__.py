"""Tests of runs/api."""
