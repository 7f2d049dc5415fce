"""What rows can be asked."""
