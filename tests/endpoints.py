"""Every endpoint of the URLconf, as method and path template."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")
CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


def _walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path, pattern


def endpoints() -> list[tuple[str, str]]:
    """Sorted; `/threads/{thread_id}`."""
    found = set()
    for path, pattern in _walk(get_resolver().url_patterns, "/"):
        view = getattr(pattern.callback, "view_class", getattr(pattern.callback, "cls", None))
        methods = [method for method in METHODS if hasattr(view, method)] if view else ["get"]
        found |= {(method.upper(), CONVERTER.sub(r"{\1}", path)) for method in methods}
    return sorted(found, key=lambda endpoint: (endpoint[1], endpoint[0]))
