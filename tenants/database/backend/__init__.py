"""Django's PostgreSQL backend that carries the tenant."""
