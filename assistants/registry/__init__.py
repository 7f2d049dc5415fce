"""Graphs as langgraph.json names them."""
