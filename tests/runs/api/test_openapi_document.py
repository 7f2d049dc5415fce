"""The OpenAPI document is whole: every parameter, status and example, and the examples are true."""

from typing import Any

import httpx
import jsonschema_rs
import pytest

from runs.api.system import document
from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import make_member, make_person
from tests.waiting import until

Json = dict[str, Any]
DOCUMENT = document()
OPERATIONS = [(verb, path, found) for path, item in DOCUMENT["paths"].items() for verb, found in item.items()]
SAMPLES = {
    "thread_id": "019aa8c1-7c2e-7d10-9f5b-3f1d2c4b5a60",
    "run_id": "019aa8c1-8f40-7c31-8a57-6b0e9d1f2a34",
    "checkpoint_id": "1f0c6a3e-77b2-6c40-8002-9a3d5e7f1b20",
}


def named(operation: tuple[str, str, Json]) -> str:
    return str(operation[2]["operationId"])


def contents(operation: Json) -> list[tuple[str, Json]]:
    """Every body that is sent or comes back well, with its schema."""
    found = [("request", content) for content in operation.get("requestBody", {}).get("content", {}).values()]
    for status, answer in operation["responses"].items():
        if status < "300":
            found += [(status, content) for content in answer.get("content", {}).values()]
    return found


def examples(content: Json) -> list[Any]:
    """Those of one body."""
    several = [each["value"] for each in content.get("examples", {}).values()]
    return several + ([content["example"]] if "example" in content else [])


def test_the_names_of_operations_are_unique() -> None:
    names = [named(operation) for operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_everything_is_described(operation: tuple[str, str, Json]) -> None:
    _, path, found = operation
    assert found["description"]
    assert all(parameter.get("description") for parameter in found.get("parameters", ())), path
    assert {part[1:-1] for part in path.split("/") if part.startswith("{")} == {
        parameter["name"] for parameter in found.get("parameters", ()) if parameter["in"] == "path"
    }
    assert any(status < "300" for status in found["responses"])
    assert all("$ref" in answer or answer["description"] for answer in found["responses"].values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_every_body_has_an_example_that_fits_its_schema(operation: tuple[str, str, Json]) -> None:
    for place, content in contents(operation[2]):
        assert examples(content), place
        schema = {**content.get("schema", {}), "components": DOCUMENT["components"]}
        for example in examples(content):
            jsonschema_rs.validator_for(schema).validate(example)


@pytest.fixture
def world(live: str, tenant: Tenant) -> Any:
    """A client of somebody who may do everything, and the ids of a finished run."""
    with httpx.Client(base_url=live, headers=make_person(tenant, Role.OWNER).headers, timeout=30) as client:
        thread = client.post("/threads", json={}).json()["thread_id"]
        client.post(f"/threads/{thread}/runs/wait", json={"assistant_id": "chat", "input": {"messages": "hello"}})
        run = client.get(f"/threads/{thread}/runs").json()[0]["run_id"]
        checkpoint = client.get(f"/threads/{thread}/state").json()["checkpoint_id"]
        key = client.post("/tenant/keys", json={"name": "k", "role": "viewer"}).json()["key_id"]
        member = str(make_member(tenant))
        yield client, {"thread_id": thread, "run_id": run, "checkpoint_id": checkpoint, "key_id": key, "user_id": member}


def test_what_the_examples_send_is_accepted(world: Any) -> None:
    client, ids = world
    for verb, path, found in OPERATIONS:
        for content in found.get("requestBody", {}).get("content", {}).values():
            for example in examples(content):
                until("the thread is free", lambda: client.get(f"/threads/{ids['thread_id']}").json()["status"] != "busy")
                answer = client.request(verb, filled(path, ids), json=adapted(example, ids))
                assert answer.status_code < 300 or answer.status_code == 404, (path, example, answer.text)


def filled(path: str, ids: Json) -> str:
    """The path about what exists."""
    built_in = "c57b8ea0-0c3f-5e4f-a8cf-5f5f0f8f0a11"  # no assistant: not found is an answer
    return path.format(**{"assistant_id": built_in, "review_id": built_in, "namespace": "x", **ids})


def adapted(example: Any, ids: Json) -> Any:
    """The example with ids that exist, about a graph of the test project."""
    if isinstance(example, dict):
        return {name: adapted(value, ids) for name, value in example.items()}
    if isinstance(example, list):
        return [adapted(value, ids) for value in example]
    if isinstance(example, str):
        for name, sample in SAMPLES.items():
            example = example.replace(sample, ids[name])
        return {"echo": "chat", "support": "chat"}.get(example, example)
    return example
