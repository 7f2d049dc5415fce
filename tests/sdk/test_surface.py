"""Every public method of the official Python clients works against a live server; a method that is new or gone fails here"""

import inspect
from typing import Any

import pytest
from langgraph_sdk import get_client, get_sync_client

from tests.sdk.calls import assistants, runs, store, threads
from tests.sdk.calls.registry import CHECKS, Recorded

REGISTERED = (assistants, runs, store, threads)  # importing them fills the table of checks
ELSEWHERE = {
    "crons": "scheduled runs are not built",
    "threads.stream": "the event-streaming protocol is not built",
}


def surface(client: Any) -> set[str]:
    """`resource.method` for all that a client offers, but the resources that are none of ours yet."""
    resources = {name: type(found) for name, found in vars(client).items() if name != "http" and name not in ELSEWHERE}
    return {
        f"{name}.{method}"
        for name, kind in resources.items()
        for method, _ in inspect.getmembers(kind, callable)
        if not method.startswith("_")
    }


METHODS = surface(get_client(url="http://localhost", api_key=None)) - ELSEWHERE.keys()


def test_both_clients_have_the_same_methods() -> None:
    assert surface(get_sync_client(url="http://localhost", api_key=None)) - ELSEWHERE.keys() == METHODS


def test_each_method_has_a_check_and_each_check_a_method() -> None:
    assert CHECKS.keys() == METHODS


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_method_works(client: Any, method: str) -> None:
    called: set[str] = set()
    await CHECKS[method](Recorded(client, called))
    assert method in called
