"""Tests of the wire: JSON and bytes."""
