"""LangGraph's state, per tenant."""
