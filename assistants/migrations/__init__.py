"""Migrations of assistants."""
