"""Two people who answer the same interrupt."""
