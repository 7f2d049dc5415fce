"""Requests to the small API of `views.py`, without a server."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import Person, make_person

Send = Callable[..., Any]


@pytest.fixture
def person(tenant: Tenant) -> Person:
    """Whose key is sent."""
    return make_person(tenant, Role.DEVELOPER)


@pytest.fixture
def send(person: Person, settings: Settings) -> Send:
    """Each request in a context of its own, as the handler does it."""
    settings.ROOT_URLCONF = "tests.tenants.api.views"

    def request(method: str, path: str, body: bytes = b"", content_type: str = "application/json", **headers: str) -> Any:
        known = {"X-Api-Key": person.key} | {name.replace("_", "-"): value for name, value in headers.items()}
        client = Client(raise_request_exception=False)
        return copy_context().run(client.generic, method, path, body, content_type, headers=known)

    return request
