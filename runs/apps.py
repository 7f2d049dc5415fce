"""Django app."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """Of the app `runs`."""

    name = "runs"
