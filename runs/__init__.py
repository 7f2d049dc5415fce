"""Threads and everything that happens on them."""
