"""A run's event log in Redis."""
