"""The store over HTTP: its odd statuses, as recorded, and what is refused."""

from typing import Any

import httpx
import pytest


def test_an_item_shows_the_wires_keys(web: httpx.Client) -> None:
    assert web.put("/store/items", json={"namespace": ["a", "b"], "key": "k", "value": {"n": 1}}).content == b""
    row = web.get("/store/items?namespace=a.b&key=k").json()
    assert list(row) == ["namespace", "key", "value", "created_at", "updated_at"]
    assert row["created_at"].endswith("+00:00") and len(row["created_at"]) == 32
    found = web.post("/store/items/search", json={}).json()
    assert found == {"items": [row | {"score": None}]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/store/items?namespace=a", None, 400, '{"error":"Key is required"}'),
        ("GET", "/store/items?namespace=a&key=", None, 400, '{"error":"Key is required"}'),
        ("GET", "/store/items", None, 422, "Namespace label '' must be a non-empty string without periods"),
        ("GET", "/store/items?namespace=a..b&key=k", None, 422, "Namespace label '' must be a non-empty string without periods"),
        ("PUT", "/store/items", {"namespace": [], "key": "k", "value": {}}, 400, '{"detail":"Namespace cannot be empty."}'),
        (
            "PUT",
            "/store/items",
            {"namespace": ["langgraph"], "key": "k", "value": {}},
            400,
            '{"detail":"Root label for namespace cannot be \\"langgraph\\"."}',
        ),
        (
            "PUT",
            "/store/items",
            {"namespace": ["x" * 3000], "key": "k", "value": {}},
            400,
            '{"detail":"Namespace and key together may have at most 2000 bytes."}',
        ),
        ("POST", "/store/items/search", {"filter": {"n": {"$bogus": 1}}}, 400, '{"detail":"Unsupported operator: $bogus"}'),
        ("DELETE", "/store/items", None, 422, '{"detail":"\\"namespace\\" is a required property'),
        ("PUT", "/store/items", None, 422, '{"detail":"Invalid JSON in request body"}'),
        ("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}, "index": True}, 422, '{"detail":"true is not valid under'),
        ("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": -1}, 422, '{"detail":"-1 is less than the minimum'),
        ("POST", "/store/items/search", {"limit": 1001}, 422, '{"detail":"1001 is greater than the maximum'),
        ("POST", "/store/namespaces", {"max_depth": 0}, 422, '{"detail":"0 is less than the minimum of 1'),
    ],
)
def test_refusals(web: httpx.Client, method: str, path: str, body: object, status: int, text: str) -> None:
    answer = web.request(method, path, json=body)
    assert (answer.status_code, answer.text[: len(text)]) == (status, text)


def test_a_delete_may_come_in_chunks(web: httpx.Client) -> None:
    web.put("/store/items", json={"namespace": ["a"], "key": "k", "value": {}})
    parts = iter([b'{"namespace": ["a"],', b'"key": "k"}'])
    assert web.request("DELETE", "/store/items", content=parts).status_code == 204
    assert web.get("/store/items?namespace=a&key=k").json() is None


@pytest.mark.parametrize(
    "value",
    [{"nul": "a\0b"}, {"a" * 5000: 1}, {"n": 1e308, "big": 2**63, "deep": [[[[[[{}]]]]]]}, {"": "", "$": 1, "ü": "\u2028"}],
    ids=["nul", "long", "large", "odd"],
)
def test_any_value_that_is_json_is_kept(web: httpx.Client, value: dict[str, Any]) -> None:
    body = {"namespace": ["ü €", "%", "_"], "key": "k\0/.. ", "value": value}
    assert web.put("/store/items", json=body).status_code == 204
    (item,) = web.post("/store/items/search", json={"namespace_prefix": ["ü €"]}).json()["items"]
    assert item["namespace"] == ["ü €", "%", "_"]
    assert item["value"] == {name: "a\ufffdb" if name == "nul" else each for name, each in value.items()}
    assert web.get("/store/items", params={"namespace": "ü €.%._", "key": item["key"]}).json()["value"] == item["value"]


def test_a_delete_of_what_cannot_be_there_is_done(web: httpx.Client) -> None:
    for at in ({"namespace": [], "key": "k"}, {"namespace": ["x" * 3000], "key": "k"}):
        assert web.request("DELETE", "/store/items", json=at).status_code == 204


def test_a_nul_is_the_same_in_addresses_as_in_bodies(web: httpx.Client) -> None:
    web.put("/store/items", json={"namespace": ["a\0b"], "key": "k\0", "value": {"n": 1}})
    assert web.get("/store/items", params={"namespace": "a\0b", "key": "k\0"}).json()["value"] == {"n": 1}
