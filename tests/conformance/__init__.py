"""The recorded wire against the running product, and the official clients."""
