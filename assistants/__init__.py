"""Which graphs exist and how they are configured."""
