"""The store: items of a tenant, as graph code and the API see them."""
