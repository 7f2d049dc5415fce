"""HTTP of assistants: statuses, texts and headers as recorded."""

import json
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from tests.builders import Person, builtin_id

CHAT = str(builtin_id("chat"))


@pytest.fixture
def api(owner: Person) -> APIClient:
    return APIClient(headers=owner.headers)


def posted(api: APIClient, path: str, body: object) -> Any:
    return api.post(path, body, format="json")


def test_the_life_of_an_assistant(api: APIClient) -> None:
    made = posted(api, "/assistants", {"graph_id": "memory", "name": "one"}).json()
    path = f"/assistants/{made['assistant_id']}"
    assert api.get(path).json() == made
    assert api.patch(path, {"name": "two"}, format="json").json()["version"] == 2
    versions = posted(api, f"{path}/versions", {"limit": 1})
    assert [row["version"] for row in versions.json()] == [2] and versions["X-Pagination-Next"] == "1"
    assert posted(api, f"{path}/latest", {"version": 1}).json()["name"] == "one"
    assert posted(api, "/assistants/count", {"name": "one"}).json() == 1
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("post", "/assistants", {}, 422, '"graph_id" is a required property'),
        ("post", "/assistants", [], 422, '[] is not of type "object"'),
        ("post", "/assistants", {"graph_id": "nope"}, 404, "Graph 'nope' not found. Expected one of: ["),
        ("post", "/assistants", {"graph_id": "chat", "assistant_id": CHAT}, 409, f"Assistant {CHAT} already exists"),
        (
            "post",
            "/assistants",
            {"graph_id": "chat", "config": {"configurable": {"a": 1}}, "context": {"b": 1}},
            400,
            "Cannot specify both",
        ),
        ("put", "/assistants", {}, 405, "Method Not Allowed"),
        ("get", "/assistants/chat", None, 422, "Invalid assistant ID: must be a UUID"),
        ("get", "/assistants/chat/schemas", None, 422, "Invalid assistant ID: must be a UUID"),
        ("get", "/assistants/unknown-name/graph", None, 422, "Invalid assistant ID: must be a UUID"),
        ("get", "/assistants/chat/graph?xray=0", None, 422, "Invalid xray value"),
        ("get", "/assistants/chat/graph?xray=abc", None, 422, "Invalid xray value"),
        ("get", "/assistants/chat/graph?xray=-1", None, 422, "Invalid xray value"),
        ("get", "/assistants/chat/subgraphs", None, 422, "Invalid assistant ID: must be a UUID"),
        ("get", f"/assistants/{CHAT}/subgraphs?recurse=perhaps", None, 422, "Invalid recurse value"),
        ("get", f"/assistants/{CHAT}/subgraphs/a/b", None, 404, "Not Found"),
        ("delete", f"/assistants/{CHAT}?delete_threads=perhaps", None, 422, "Invalid delete_threads value"),
        ("delete", "/assistants/not-a-uuid", None, 422, "Invalid assistant ID: must be a UUID"),
        ("post", f"/assistants/{CHAT}/latest", {"version": "1"}, 422, '"1" is not of type "integer"'),
        ("post", f"/assistants/{CHAT}/latest", {}, 404, f"Version None not found for assistant {CHAT}"),
        ("post", "/assistants/search", {"limit": 0}, 422, "0 is less than the minimum of 1"),
    ],
)
def test_what_is_wrong_is_said_as_recorded(api: APIClient, method: str, path: str, body: object, status: int, text: str) -> None:
    answer = getattr(api, method)(path, body, **({} if body is None else {"format": "json"}))
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(text)


def test_unknown_ids_have_the_text_of_their_route(api: APIClient) -> None:
    ghost = str(uuid4())
    answers = [
        api.get(f"/assistants/{ghost}"),
        api.get(f"/assistants/{ghost}/graph"),
        api.delete(f"/assistants/{ghost}"),
        api.patch(f"/assistants/{ghost}", {}, format="json"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    texts = ["Not Found", "Not Found", f"Assistant with ID {ghost} not found", f"Assistant {ghost} not found"]
    assert [answer.json()["detail"] for answer in answers] == texts


def test_search_selects_and_pages(api: APIClient) -> None:
    answer = posted(api, "/assistants/search", {"limit": 2, "sort_by": "name", "sort_order": "asc", "select": ["name", "graph_id"]})
    assert answer.json() == [{"graph_id": "approval", "name": "approval"}, {"graph_id": "chat", "name": "chat"}]
    assert (answer["X-Pagination-Next"], answer["X-Pagination-Total"]) == ("2", "3")


def test_the_graph_is_drawn_by_name_or_id(api: APIClient) -> None:
    by_name, by_id = api.get("/assistants/chat/graph?xray=false"), api.get(f"/assistants/{CHAT}/graph")
    assert by_name.json() == by_id.json()
    assert by_name.json()["nodes"][-1] == {"id": "__end__"}


def test_subgraphs_are_answered_by_namespace(api: APIClient) -> None:
    path = f"/assistants/{builtin_id('nested')}/subgraphs"
    assert list(api.get(path).json()) == ["middle"]
    assert list(api.get(f"{path}?recurse=true").json()) == ["middle", "middle|inner"]
    assert list(api.get(f"{path}/middle%7Cinner?recurse=true").json()) == ["middle|inner"]
    odd = ("nope", "..", "%2e%2e", "..%5C..", "%00", "%E2%98%83", "middle%7C", "%7C" * 500, "middle%252Finner")
    assert [api.get(f"{path}/{name}?recurse=true").json() for name in odd] == [{}] * len(odd)


def test_a_namespace_may_come_unencoded_as_the_js_client_sends_it(live: str, owner: Person) -> None:
    connection = HTTPConnection(live.removeprefix("http://"), timeout=30)
    connection.request("GET", f"/assistants/{builtin_id('nested')}/subgraphs/middle|inner?recurse=true", headers=owner.headers)
    assert list(json.loads(connection.getresponse().read())) == ["middle|inner"]
    connection.close()


def test_what_answers_to_get_answers_to_head(api: APIClient) -> None:
    for part in ("", "/graph", "/schemas", "/subgraphs", "/subgraphs/x"):
        answer = api.head(f"/assistants/{CHAT}{part}")
        assert (answer.status_code, answer.content) == (200, b"")


def test_a_wrong_method_names_the_right_ones(api: APIClient) -> None:
    allowed = {"": {"GET", "HEAD", "PATCH", "DELETE"}, "/graph": {"GET", "HEAD"}, "/subgraphs": {"GET", "HEAD"}, "/latest": {"POST"}}
    for part, methods in allowed.items():
        answer = api.put(f"/assistants/{CHAT}{part}", {}, format="json")
        assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
        assert set(answer["Allow"].split(", ")) == methods


def test_schemas_are_answered(api: APIClient) -> None:
    keys = ["graph_id", "input_schema", "output_schema", "state_schema", "config_schema", "context_schema"]
    assert list(api.get(f"/assistants/{CHAT}/schemas").json()) == keys


def test_times_are_written_as_the_wire_does(api: APIClient) -> None:
    row = posted(api, "/assistants", {"graph_id": "memory"}).json()
    assert row["created_at"].endswith("+00:00") and row["created_at"] == row["updated_at"]


def test_whoever_may_not_is_refused(colleague: Person, owner: Person) -> None:
    made = posted(APIClient(headers=owner.headers), "/assistants", {"graph_id": "memory"}).json()
    answer = APIClient(headers=colleague.headers).patch(f"/assistants/{made['assistant_id']}", {}, format="json")
    assert answer.status_code == 403
