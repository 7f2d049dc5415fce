"""Tests of LangGraph's state, per tenant."""
