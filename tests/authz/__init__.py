"""Who reaches what: every endpoint, every role, two tenants."""
