"""Who is calling, what they may do, how much."""
