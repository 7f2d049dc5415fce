"""GET /metrics: what operators measure, and who may read it."""

from typing import Any

import httpx
import pytest
from django.test import Client, RequestFactory
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from runs.api.metrics import is_local, template
from tests.waiting import until

LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:2024"}
TOKEN = "operators-token"


def read(live: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by name and labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{live}/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_prometheus_reads_the_wire_s_names_and_ours(live: str) -> None:
    until("the worker has told of itself", lambda: read(live).get("holdfast_worker_processes") == {(): 1.0})
    answer = httpx.get(f"{live}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
    kinds = {line.removeprefix("# TYPE ") for line in answer.text.splitlines() if line.startswith("# TYPE lg_")}
    assert kinds == {
        "lg_api_http_requests_total counter",
        "lg_api_http_requests_latency histogram",
        "lg_api_workers_max gauge",
        "lg_api_workers_active gauge",
        "lg_api_workers_available gauge",
    }
    found = read(live)
    assert found["lg_api_workers_max"] == {(): 100.0}
    assert {"holdfast_runs_due", "holdfast_run_oldest_due_seconds", "holdfast_leases_expired", "holdfast_streams_open"} <= found.keys()
    assert found["holdfast_worker_loop_lag_seconds"][()] < 60


def test_json_has_the_recorded_keys(live: str) -> None:
    found = httpx.get(f"{live}/metrics?format=json").json()
    recorded = {"n_pending", "pending_runs_wait_time_max_secs", "pending_runs_wait_time_med_secs", "n_running"}
    assert recorded | {"pending_unblocked_runs_wait_time_max_secs"} <= found["queue"].keys()
    assert {"max", "active", "available"} <= found["workers"].keys()
    assert {"method", "path", "status", "count"} == found["api"]["http_requests_total"][0].keys()


def test_requests_are_counted_by_route_and_status(live: str) -> None:
    def counted() -> dict[tuple[str, ...], float]:
        return read(live).get("lg_api_http_requests_total", {})

    before = counted()
    for method, path in (("GET", "/assistants/x"), ("GET", "/assistants/y"), ("GET", "/assistants/y/"), ("TRACE", "/nowhere")):
        httpx.request(method, f"{live}{path}", follow_redirects=False)
    after = counted()
    grown = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0) and "metrics" not in key[1]}
    assert grown == {("GET", "/assistants/{assistant_id}", "401"): 2, ("GET", "", "307"): 1, ("other", "", "404"): 1}


def test_open_streams_are_counted(live: str, web: httpx.Client) -> None:
    with web.stream("POST", "/runs/stream", json={"assistant_id": "slow", "input": {"seconds": 30, "steps": 1}, "on_disconnect": "cancel"}):
        assert read(live)["holdfast_streams_open"][()] >= 1
    until("the stream is closed", lambda: read(live)["holdfast_streams_open"][()] == 0)


@pytest.mark.parametrize("form", ["xml", "", "JSON"])
def test_other_formats_are_refused(live: str, form: str) -> None:
    answer = httpx.get(f"{live}/metrics", params={"format": form})
    assert (answer.status_code, answer.json()) == (422, {"detail": "Invalid format: must be prometheus or json"})


@pytest.mark.parametrize(
    ("told", "local"),
    [
        ({}, True),
        ({"REMOTE_ADDR": "127.8.9.10"}, True),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:2024"}, True),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1", "HTTP_HOST": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "10.0.0.7"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, False),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({"HTTP_X_REAL_IP": "127.0.0.1"}, False),
        ({"HTTP_VIA": "1.1 proxy"}, False),
        ({"HTTP_ORIGIN": "https://evil.example"}, False),
        ({"HTTP_HOST": "holdfast.example.org"}, False),
        ({"HTTP_HOST": "localhost.evil.example"}, False),
    ],
)
def test_who_is_on_this_machine(told: dict[str, Any], local: bool) -> None:
    assert is_local(RequestFactory().get("/metrics", **LOCAL | told)) is local


def ask(authorization: str | None = None) -> Any:
    """From elsewhere."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return Client().get("/metrics", headers=headers, REMOTE_ADDR="10.0.0.7")


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9"])
def test_others_need_the_operator_s_token(database: None, settings: Settings, sent: str | None) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = ask(sent)
    assert answer.status_code == 401 and answer.json()["detail"].startswith("Send the operator's token")
    assert ask(f"Bearer {TOKEN}").status_code == 200


def test_without_a_token_nobody_else_reads(database: None) -> None:
    for sent in (None, "Bearer ", "Bearer x"):
        answer = ask(sent)
        assert answer.status_code == 403 and "HOLDFAST_METRICS_TOKEN" in answer.json()["detail"]


def test_routes_are_told_as_clients_know_them() -> None:
    assert template("assistants/<str:assistant_id>/subgraphs/<str:namespace>") == "/assistants/{assistant_id}/subgraphs/{namespace}"
    assert (template(""), template("ok"), template("a/<b>")) == ("/", "/ok", "/a/{b}")
