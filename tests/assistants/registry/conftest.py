"""Imports of the registry stay within their test."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _own_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and "site-packages" not in str(sys.modules[name].__file__):
            del sys.modules[name]
