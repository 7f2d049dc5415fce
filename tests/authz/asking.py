"""One request of a row, by somebody."""

from dataclasses import asdict

import httpx

from tests.authz.rows import Row
from tests.authz.targets import Target


def ask(http: httpx.Client, row: Row, target: Target, headers: dict[str, str]) -> httpx.Response:
    """Send the row's request for this target; streams are read to their end, or left at once if they have none."""
    method, path = row.endpoint.split(" ", 1)
    body = row.body(target) if row.body else None
    url = path.format(**asdict(target)) + row.query
    with http.stream(method, url, json=body, headers=row.headers | headers) as answer:
        if row.endless and answer.status_code == row.status:
            return httpx.Response(answer.status_code, headers=answer.headers)
        answer.read()
    return answer
