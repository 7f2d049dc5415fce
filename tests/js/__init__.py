"""The official JS clients against a live server."""
