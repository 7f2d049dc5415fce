"""Use cases of tenants, members and keys."""
