"""Pages of another origin, in a real browser."""
