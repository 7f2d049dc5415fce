"""Django app."""

from django.apps import AppConfig


class AssistantsConfig(AppConfig):
    """Of the app `assistants`."""

    name = "assistants"
