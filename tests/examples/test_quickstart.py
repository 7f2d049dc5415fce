"""examples/quickstart.py against a running server with the graphs that ship."""

import os
import subprocess
import sys

import pytest

from tests import stack

pytestmark = pytest.mark.xdist_group("shipped")

EXAMPLES = stack.ROOT / "examples"


def test_the_quickstart_tells_what_it_does(visitor: dict[str, str]) -> None:
    command = [sys.executable, str(EXAMPLES / "quickstart.py")]
    told = subprocess.run(command, env=os.environ | visitor, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()[1:]
    assert lines == [
        "Streaming: Every| token| of| this| sentence| arrives| on| its| own.|",
        "Background run: accepted as pending, ended with success: 'You need not wait for me.'",
        "Paused: refund with {'order_id': '1234', 'amount': 49.0}?",
        "Resumed: 'Approved: refunded 49.00 EUR for order 1234.'",
        "Forked after the first turn: ['Every token of this sentence arrives on its own.', 'What if I had said this instead?']",
    ]
