"""One request of a row, by somebody."""

from dataclasses import asdict

import httpx

from tests.authz.rows import Row
from tests.authz.targets import Target


def ask(http: httpx.Client, row: Row, target: Target, headers: dict[str, str]) -> httpx.Response:
    """Send the row's request for this target; streams are read to their end."""
    method, path = row.endpoint.split(" ", 1)
    body = row.body(target) if row.body else None
    return http.request(method, path.format(**asdict(target)) + row.query, json=body, headers=row.headers | headers)
