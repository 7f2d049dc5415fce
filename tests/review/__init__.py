"""Tests of reviews, over all layers."""
