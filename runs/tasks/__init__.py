"""Celery entry points, no logic."""
