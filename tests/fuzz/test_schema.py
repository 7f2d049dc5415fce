"""Every operation of the OpenAPI document × generated requests, valid and not: no error of ours, every answer as the document says."""

from functools import partial
from typing import Any

import orjson
import pytest
import requests
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, Response, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from assistants.registry.loader import load
from runs.api.system import document
from tenants.actors import Role
from tenants.models import Tenant
from tests.builders import Person, builtin_id, make_member, make_person

Json = dict[str, Any]
URL = "http://testserver"
Operation = Any  # generic in types that are not public
Case = Any
STATUS = (not_a_server_error, checks.status_code_conformance, checks.response_headers_conformance)
BODY = (checks.content_type_conformance, checks.response_schema_conformance)
DOCUMENT: Any = openapi.from_dict(document())
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]


class Fuzzer:
    """Somebody with a key, in the test's own process: no worker claims what is accepted."""

    def __init__(self, owner: Person) -> None:
        self.headers = owner.headers
        self.client = Client(raise_request_exception=True)

    def send(self, case: Case) -> None:
        """One request, checked against the document."""
        request = requests.Request(**case.as_transport_kwargs(base_url=URL)).prepare()
        request.headers.update(self.headers)
        told = {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in request.headers.items()}
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        answer = self.client.generic(case.method, request.path_url, body, "application/json", headers=told)
        content = b"" if answer.streaming else answer.content
        headers = {name.lower(): [value] for name, value in answer.items()}
        response = Response(answer.status_code, headers, content, request, elapsed=0.0, verify=False)
        case.validate_response(response, checks=list(STATUS if answer.streaming or answer.status_code == 204 else STATUS + BODY))

    def made(self, path: str, body: Json) -> Json:
        """What a valid request makes."""
        answer = self.client.post(path, orjson.dumps(body), "application/json", headers=self.headers)
        assert answer.status_code == 200, answer.content
        found: Json = orjson.loads(answer.content)
        return found


@pytest.fixture(scope="module", autouse=True)
def _graphs() -> None:
    load(settings.GRAPHS_FILE)


@pytest.fixture
def fuzzer(tenant: Tenant) -> Fuzzer:
    """Of somebody who may do everything."""
    return Fuzzer(make_person(tenant, Role.OWNER))


@pytest.fixture
def ids(fuzzer: Fuzzer, tenant: Tenant) -> Json:
    """What paths name: a thread with state, a run that waits, a built-in assistant, a key, a member."""
    thread = fuzzer.made("/threads", {"metadata": {"graph_id": "approval"}})["thread_id"]
    state = fuzzer.made(f"/threads/{thread}/state", {"values": {"answers": ["made"]}, "as_node": "plan"})
    run = fuzzer.made(f"/threads/{thread}/runs", {"assistant_id": "approval", "checkpoint_id": state["checkpoint_id"]})
    assistant = str(builtin_id("approval"))
    key = fuzzer.made("/tenant/keys", {"name": "fuzzed", "role": "viewer"})
    return {
        "thread_id": thread,
        "run_id": run["run_id"],
        "assistant_id": assistant,
        "checkpoint_id": state["checkpoint_id"],
        "key_id": key["key_id"],
        "identity": key["identity"],
        "user_id": str(make_member(tenant)),
    }


def requests_of(operation: Operation, ids: Json) -> st.SearchStrategy[Case]:
    """Mostly valid ones about things that exist; also about things that do not, and broken ones."""
    known = {name: ids[name] for name in ids if "{" + name + "}" in operation.path} or None
    valid = operation.as_strategy(GenerationMode.POSITIVE, path_parameters=known)
    broken = operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known)
    return st.one_of(valid.map(partial(_about, ids)), valid.map(partial(_about, ids)), operation.as_strategy(), broken)


def _about(ids: Json, case: Case) -> Case:
    """The same request with known ids in its body."""
    if isinstance(case.body, dict):
        case.body = {name: ids.get(name, value) for name, value in case.body.items()}
    return case


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_answers_are_as_the_document_says(operation: Operation, fuzzer: Fuzzer, ids: Json) -> None:
    @hypothesis_settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=requests_of(operation, ids))
    def answered(case: Case) -> None:
        fuzzer.send(case)

    answered()
