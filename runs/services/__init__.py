"""Use cases of threads and runs."""
