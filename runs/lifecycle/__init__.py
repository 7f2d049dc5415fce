"""Every status change, every wake-up."""
