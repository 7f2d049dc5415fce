"""Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Of the app `tenants`."""

    name = "tenants"
