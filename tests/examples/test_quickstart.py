"""examples/quickstart.py against a running server with the graphs that ship."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tenants.actors import Role
from tests import builders, stack
from tests.servers import Stack

EXAMPLES = stack.ROOT / "examples"


@pytest.fixture
def shipped(database: None) -> Iterator[Stack]:
    """A server with the bundled langgraph.json."""
    made = Stack.apart("examples", HOLDFAST_CONFIG=str(EXAMPLES / "langgraph.json"))
    try:
        made.start_web(wait=False)
        made.start_worker(wait=False)
        made.wait_until_ready()
        with made.adopted():
            yield made
    finally:
        made.stop()


def test_the_quickstart_tells_what_it_does(shipped: Stack) -> None:
    key = builders.make_person(builders.make_tenant(), Role.DEVELOPER).key
    environment = os.environ | {"LANGGRAPH_API_URL": shipped.base_url, "LANGGRAPH_API_KEY": key}
    command = [sys.executable, str(EXAMPLES / "quickstart.py")]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()[1:]
    assert lines == [
        "Streaming: Every| token| of| this| sentence| arrives| on| its| own.|",
        "Background run: accepted as pending, ended with success: 'You need not wait for me.'",
        "Paused: refund with {'order_id': '1234', 'amount': 49.0}?",
        "Resumed: 'Approved: refunded 49.00 EUR for order 1234.'",
        "Forked after the first turn: ['Every token of this sentence arrives on its own.', 'What if I had said this instead?']",
    ]
