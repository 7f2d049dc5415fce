"""Ids that travel in bodies, queries and headers are checked against the actor, too"""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.authz.targets import Target, Village


@pytest.fixture
def ours(village: Village, live: str) -> Target:
    """Objects of the first tenant, with a state worth stealing."""
    with httpx.Client(base_url=live, timeout=30) as http:
        return village.target("finished", http)


@pytest.fixture
def stranger(village: Village, live: str) -> Iterator[httpx.Client]:
    """Somebody of the second tenant."""
    with httpx.Client(base_url=live, headers=village.headers("stranger"), timeout=30) as http:
        yield http


@pytest.fixture
def own(stranger: httpx.Client) -> str:
    """Their own thread, with a state of its own."""
    thread = f"/threads/{stranger.post('/threads', json={}).json()['thread_id']}"
    stranger.post(f"{thread}/runs/wait", json={"assistant_id": "approval", "input": {"mode": "none", "request": "theirs"}})
    return thread


@pytest.mark.parametrize("route", ["/runs", "/runs/wait", "/runs/stream"])
def test_foreign_assistant_cannot_be_run(stranger: httpx.Client, own: str, ours: Target, route: str) -> None:
    for base in (own, ""):
        assert stranger.post(f"{base}{route}", json={"assistant_id": ours.assistant_id, "input": {}}).status_code == 404


def test_foreign_assistant_cannot_be_run_in_a_batch(stranger: httpx.Client, ours: Target) -> None:
    batch = [{"assistant_id": name, "input": {"mode": "none"}} for name in ("approval", ours.assistant_id)]
    assert stranger.post("/runs/batch", json=batch).status_code == 404


@pytest.mark.parametrize("path", ["", "/join", "/stream"])
def test_foreign_run_is_not_found_under_an_own_thread(stranger: httpx.Client, own: str, ours: Target, path: str) -> None:
    assert stranger.get(f"{own}/runs/{ours.run_id}{path}").status_code == 404
    assert stranger.post(f"{own}/runs/{ours.run_id}/cancel").status_code == 404


def test_run_of_another_own_thread_is_not_found_either(stranger: httpx.Client, own: str) -> None:
    other = stranger.post("/threads", json={}).json()["thread_id"]
    run = stranger.get(f"{own}/runs").json()[0]["run_id"]
    assert stranger.get(f"/threads/{other}/runs/{run}").status_code == 404


def test_foreign_checkpoint_shows_nothing(stranger: httpx.Client, own: str, ours: Target) -> None:
    for answer in (
        stranger.get(f"{own}/state/{ours.checkpoint_id}"),
        stranger.post(f"{own}/state/checkpoint", json={"checkpoint": {"checkpoint_id": ours.checkpoint_id, "thread_id": ours.thread_id}}),
    ):
        assert answer.status_code == 404 or answer.json()["values"] == {}


@pytest.mark.parametrize(
    "carrier",
    [
        lambda ours: {"config": {"configurable": {"thread_id": ours.thread_id, "checkpoint_id": ours.checkpoint_id}}},
        lambda ours: {"checkpoint": {"thread_id": ours.thread_id, "checkpoint_id": None, "checkpoint_ns": ""}},
        lambda ours: {"metadata": {"thread_id": ours.thread_id, "run_id": ours.run_id, "tenant_id": ours.assistant_id}},
    ],
    ids=["configurable", "checkpoint", "metadata"],
)
def test_foreign_ids_in_a_run_are_dropped(stranger: httpx.Client, own: str, ours: Target, carrier: Any) -> None:
    body = {"assistant_id": "approval", "input": {"mode": "none"}} | carrier(ours)
    answer = stranger.post(f"{own}/runs/wait", json=body)
    assert answer.json()["request"] == "theirs"
    run = stranger.get(f"{own}/runs").json()[0]
    assert run["thread_id"] == own.removeprefix("/threads/")
    assert stranger.get(f"{own}/state").json()["checkpoint"]["thread_id"] == run["thread_id"]


@pytest.mark.parametrize("strategy", ["delete", "keep_latest"])
def test_foreign_ids_in_a_prune_are_skipped(stranger: httpx.Client, own: str, ours: Target, village: Village, strategy: str) -> None:
    before = village.contents()
    answer = stranger.post("/threads/prune", json={"thread_ids": [ours.thread_id, own.removeprefix("/threads/")], "strategy": strategy})
    assert (answer.status_code, answer.json()) == (200, {"pruned_count": 1})
    assert village.contents() == before
    assert len(stranger.get(f"/threads/{ours.thread_id}/history?limit=10", headers=village.headers("author")).json()) > 1


def test_foreign_checkpoint_is_neither_written_nor_run_from(stranger: httpx.Client, own: str, ours: Target, village: Village) -> None:
    before = village.contents()
    at = {"checkpoint_id": ours.checkpoint_id, "thread_id": ours.thread_id}
    for namespace in ("middle:1", f"{ours.thread_id}:1", "ask"):
        place = at | {"checkpoint_ns": namespace, "checkpoint_map": {"": ours.checkpoint_id, namespace: ours.checkpoint_id}}
        assert stranger.post(f"{own}/runs", json={"assistant_id": "approval", "checkpoint": place}).status_code == 404
        assert stranger.post(f"{own}/state", json={"values": {}, "as_node": "ask", "checkpoint": place}).status_code in (400, 404)
    stranger.post(f"{own}/state", json={"values": {"answers": ["theirs"]}, "as_node": "ask", "checkpoint": at})
    assert stranger.get(f"{own}/state").json()["values"] == {"answers": ["theirs"]}
    assert village.contents() == before


def test_a_thread_made_with_a_foreign_id_and_state_is_ones_own(stranger: httpx.Client, ours: Target, village: Village) -> None:
    before = village.contents()
    steps = [{"updates": [{"values": {"mode": "none"}, "as_node": "__start__"}]}]
    body = {"thread_id": ours.thread_id, "metadata": {"graph_id": "approval"}, "supersteps": steps}
    assert stranger.post("/threads", json=body).json()["values"]["mode"] == "none"
    assert village.contents() == before
    history = stranger.get(f"/threads/{ours.thread_id}/history?limit=10", headers=village.headers("author")).json()
    assert ours.checkpoint_id in {state["checkpoint_id"] for state in history}


def test_foreign_thread_is_not_copied(stranger: httpx.Client, ours: Target) -> None:
    before = stranger.post("/threads/count", json={}).json()
    answer = stranger.post(f"/threads/{ours.thread_id}/copy")
    assert (answer.status_code, answer.json()) == (409, {"detail": "Conflict"})
    assert stranger.post("/threads/count", json={}).json() == before


def test_foreign_ids_in_a_search_find_nothing(stranger: httpx.Client, ours: Target) -> None:
    assert stranger.post("/threads/search", json={"ids": [ours.thread_id]}).json() == []
    assert stranger.post("/assistants/search", json={"metadata": {"assistant_id": ours.assistant_id}}).json() == []


def test_history_before_a_foreign_checkpoint_is_ones_own(stranger: httpx.Client, own: str, ours: Target) -> None:
    body = {"limit": 100, "before": {"configurable": {"checkpoint_id": ours.checkpoint_id, "thread_id": ours.thread_id}}}
    states = stranger.post(f"{own}/history", json=body).json()
    assert {state["checkpoint"]["thread_id"] for state in states} <= {own.removeprefix("/threads/")}


def test_cursor_of_a_foreign_run_shows_nothing_of_it_in_the_stream_of_an_own_thread(
    village: Village, live: str, stranger: httpx.Client, own: str
) -> None:
    body = {"assistant_id": "approval", "input": {"mode": "none"}, "stream_resumable": True}
    with httpx.Client(base_url=live, headers=village.headers("author"), timeout=30) as ours:
        thread = ours.post("/threads", json={}).json()["thread_id"]
        cursors = re.findall(r"^id: (.*)$", ours.post(f"/threads/{thread}/runs/stream", json=body).text.replace("\r", ""), re.MULTILINE)
    stranger.post(f"{own}/runs/wait", json=body)
    run = stranger.get(f"{own}/runs").json()[0]["run_id"]
    for cursor in (cursors[0], "-"):
        with stranger.stream("GET", f"{own}/stream", headers={"Last-Event-ID": cursor}) as answer:
            lines = iter(answer.iter_lines())
            shown = [next(lines) for _ in range(4)]
        assert run in shown[1]
        assert shown[2].removeprefix("id: ") not in cursors


def test_cursor_of_a_foreign_run_replays_nothing_of_it(stranger: httpx.Client, own: str, ours: Target) -> None:
    run = stranger.get(f"{own}/runs").json()[0]["run_id"]
    answer = stranger.get(f"{own}/runs/{run}/stream", headers={"Last-Event-ID": "0-0", "Location": f"/threads/{ours.thread_id}"})
    assert ours.run_id not in answer.text
    assert ours.thread_id not in answer.text


@pytest.mark.parametrize("path", ["", "/graph", "/graph?xray=true", "/schemas", "/subgraphs", "/subgraphs/middle?recurse=true"])
def test_foreign_assistant_shows_nothing(stranger: httpx.Client, ours: Target, path: str) -> None:
    foreign, unknown = (stranger.get(f"/assistants/{id}{path}") for id in (ours.assistant_id, ours.never_existed().assistant_id))
    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text) == (404, '{"detail":"Not Found"}')


@pytest.mark.parametrize("namespace", ["%2e%2e", "%2e%2e%2f..%2fthreads", "..%5c", "middle%7c..", "%00", "*", "middle%2f..%2finner"])
def test_a_namespace_is_a_name_and_no_path(stranger: httpx.Client, namespace: str) -> None:
    own = stranger.post("/assistants", json={"graph_id": "nested"}).json()["assistant_id"]
    answer = stranger.get(f"/assistants/{own}/subgraphs/{namespace}?recurse=true")
    assert (answer.status_code, answer.json()) in ((200, {}), (404, {"detail": "Not Found"}))


def test_threads_of_another_tenant_stay_when_an_assistant_goes_with_its_own(stranger: httpx.Client, village: Village) -> None:
    """A built-in assistant has the same id in both tenants, and so it stands in the metadata of both tenants' threads."""
    threads = []
    for headers in (village.headers("stranger"), village.headers("author")):
        thread = f"/threads/{stranger.post('/threads', json={}, headers=headers).json()['thread_id']}"
        stranger.post(f"{thread}/runs/wait", json={"assistant_id": "factory", "input": {}}, headers=headers)
        threads.append(thread)
    theirs, ours = threads
    builtin = stranger.get(theirs).json()["metadata"]["assistant_id"]
    assert stranger.delete(f"/assistants/{builtin}?delete_threads=true").status_code == 204
    assert stranger.get(theirs).status_code == 404
    assert stranger.get(ours, headers=village.headers("author")).json()["metadata"]["assistant_id"] == builtin


def test_foreign_ids_in_a_bulk_cancel_are_not_found(stranger: httpx.Client, own: str, village: Village, live: str) -> None:
    with httpx.Client(base_url=live, timeout=30) as http:
        ours = village.target("active", http)
    mine = stranger.post(f"{own}/runs", json={"assistant_id": "slow", "input": {}, "after_seconds": 60}).json()
    before = village.contents()
    for body in (
        {"thread_id": ours.thread_id, "run_ids": [ours.run_id]},
        {"thread_id": ours.thread_id, "run_ids": [mine["run_id"]]},
        {"thread_id": mine["thread_id"], "run_ids": [ours.run_id]},
    ):
        answer = stranger.post("/runs/cancel", json=body)
        assert (answer.status_code, answer.json()) == (404, {"detail": "No runs found to cancel."})
    assert stranger.post("/runs/cancel", json={"thread_id": mine["thread_id"], "run_ids": [ours.run_id, mine["run_id"]]}).status_code == 204
    assert stranger.post("/runs/cancel", json={"status": "all"}).status_code == 404
    assert village.contents() == before


@pytest.fixture
def secret(village: Village, ours: Target, live: str) -> str:
    """An item of the first tenant, in a namespace that both may have."""
    body = {"namespace": ["notes"], "key": "k", "value": {"secret": ours.thread_id}}
    assert httpx.put(f"{live}/store/items", json=body, headers=village.headers("developer")).status_code == 204
    return ours.thread_id


def test_a_namespace_of_another_tenant_is_a_place_of_one_s_own(stranger: httpx.Client, village: Village, secret: str) -> None:
    tenant = str(village.tenant.tenant_id)
    for labels in (["notes"], [tenant], [tenant, "notes"], ["*"], ["%"], ["_" * 36, "notes"]):
        found = [
            stranger.get("/store/items", params={"namespace": ".".join(labels), "key": "k"}),
            stranger.post("/store/items/search", json={"namespace_prefix": labels, "limit": 1000}),
            stranger.post("/store/namespaces", json={"prefix": labels, "suffix": labels}),
        ]
        assert [answer.status_code for answer in found] == [200] * 3
        assert secret not in "".join(answer.text for answer in found)
        assert stranger.request("DELETE", "/store/items", json={"namespace": labels, "key": "k"}).status_code == 204
        assert stranger.put("/store/items", json={"namespace": labels, "key": "k", "value": {"mine": True}}).status_code == 204
    with httpx.Client(base_url=str(stranger.base_url), headers=village.headers("viewer")) as colleague:
        assert colleague.get("/store/items?namespace=notes&key=k").json()["value"] == {"secret": secret}
        assert len(colleague.post("/store/items/search", json={}).json()["items"]) == 1


@pytest.mark.parametrize("labels", [["..", "notes"], [""], ["a.b"], ["notes", ""], ["."]])
def test_a_label_cannot_lead_elsewhere(stranger: httpx.Client, labels: list[str]) -> None:
    for method, path, body in (
        ("PUT", "/store/items", {"namespace": labels, "key": "k", "value": {}}),
        ("DELETE", "/store/items", {"namespace": labels, "key": "k"}),
        ("POST", "/store/items/search", {"namespace_prefix": labels}),
        ("POST", "/store/namespaces", {"prefix": labels}),
        ("POST", "/store/namespaces", {"suffix": labels}),
    ):
        answer = stranger.request(method, path, json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain; charset=utf-8")


def test_a_filter_of_a_search_is_no_sql(stranger: httpx.Client, secret: str) -> None:
    for wanted in ({"k' or true --": 1}, {"n": {"$gt": "0) or true --"}}, {"n": {"$eq": "'; select 1"}}, {"secret": {"$ne": "x"}}):
        answer = stranger.post("/store/items/search", json={"filter": wanted})
        assert answer.status_code in (200, 400) and secret not in answer.text


@pytest.mark.parametrize("strategy", ["enqueue", "interrupt", "rollback"])
def test_checkpoint_of_another_thread_is_no_place_to_fork_from(stranger: httpx.Client, own: str, ours: Target, strategy: str) -> None:
    """Neither a foreign one nor one of another own thread: the run finds nothing there and fails."""
    other = stranger.get(f"{own}/state").json()["checkpoint"]["checkpoint_id"]
    empty = f"/threads/{stranger.post('/threads', json={}).json()['thread_id']}"
    for carrier in ({"checkpoint_id": ours.checkpoint_id}, {"checkpoint": {"checkpoint_id": other, "thread_id": own[9:]}}):
        body = {"assistant_id": "approval", "input": None, "multitask_strategy": strategy} | carrier
        assert stranger.post(f"{empty}/runs/wait", json=body).json()["__error__"]["error"] == "EmptyInputError"
    assert stranger.get(f"{empty}/state").json()["values"] == {}
