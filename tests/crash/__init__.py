"""Workers that are killed, frozen and drained in the middle of runs."""
