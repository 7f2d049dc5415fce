"""How a tenant reaches the database."""
