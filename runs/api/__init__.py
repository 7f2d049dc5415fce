"""HTTP of threads and runs."""
