"""JSON and bytes, nothing else."""
