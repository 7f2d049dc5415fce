"""Threads over HTTP."""

from uuid import uuid4

import httpx
import pytest


def test_a_new_thread_shows_the_wires_keys(web: httpx.Client) -> None:
    made = web.post("/threads", json={"metadata": {"owner": "ann", "assistant_id": "x"}})
    assert made.status_code == 200 and made.headers["content-type"] == "application/json"
    row = made.json()
    assert list(row) == ["thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "config", "values"]
    assert (row["metadata"], row["status"], row["values"], row["config"]) == ({"owner": "ann"}, "idle", None, {})
    assert row["created_at"].endswith("+00:00") and len(row["created_at"]) == 32
    assert web.get(f"/threads/{row['thread_id']}").json() == row


def test_patch_may_answer_without_a_body(web: httpx.Client) -> None:
    path = f"/threads/{web.post('/threads', json={}).json()['thread_id']}"
    assert web.patch(path, json={"metadata": {"n": 1}}).json()["metadata"] == {"n": 1}
    minimal = web.patch(path, json={"metadata": {"n": None}}, headers={"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (204, b"")
    assert web.get(path).json()["metadata"] == {"n": None}


def test_delete_is_done_once(web: httpx.Client) -> None:
    path = f"/threads/{web.post('/threads', json={}).json()['thread_id']}"
    assert web.delete(path).status_code == 204
    assert web.delete(path).status_code == 404


def test_pages_carry_the_wires_headers(web: httpx.Client) -> None:
    for _ in range(3):
        web.post("/threads", json={"metadata": {"set": "s"}})
    first = web.post("/threads/search", json={"metadata": {"set": "s"}, "limit": 2, "select": ["metadata"]})
    assert first.json() == [{"metadata": {"set": "s"}}] * 2
    assert (first.headers["x-pagination-total"], first.headers["x-pagination-next"]) == ("3", "2")
    last = web.post("/threads/search", json={"metadata": {"set": "s"}, "limit": 2, "offset": 2})
    assert last.headers["x-pagination-total"] == "3" and "x-pagination-next" not in last.headers
    assert web.post("/threads/count", json={"metadata": {"set": "s"}}).json() == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/threads/nope", None, 422, "Invalid thread ID: must be a UUID"),
        ("DELETE", "/threads/nope", None, 422, "Invalid thread ID: must be a UUID"),
        ("PATCH", "/threads/{unknown}", {"metadata": {}}, 404, "Not Found"),
        ("GET", "/threads/{unknown}", None, 404, "Thread with ID {unknown} not found"),
        ("GET", "/threads/{unknown}/state", None, 404, "Thread with ID {unknown} not found"),
        ("GET", "/threads/{unknown}/history", None, 404, "Thread with ID {unknown} not found"),
        ("POST", "/threads/{unknown}/state", {"values": {}}, 404, "Thread with ID {unknown} not found"),
        ("POST", "/threads", {"ttl": {"strategy": "delete", "ttl": 5}}, 422, "ttl is not supported yet"),
        ("POST", "/threads/search", {"ids": ["nope"]}, 400, "Invalid thread ID nope"),
        ("POST", "/threads", None, 422, "Invalid JSON in request body"),
    ],
)
def test_refusals_read_as_recorded(web: httpx.Client, method: str, path: str, body: object, status: int, text: str) -> None:
    unknown = str(uuid4())
    answer = web.request(method, path.format(unknown=unknown), json=body)
    assert (answer.status_code, answer.json()["detail"]) == (status, text.format(unknown=unknown))
