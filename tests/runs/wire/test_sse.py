"""Frames of server-sent events."""

import ast
from pathlib import Path

import orjson
import pytest

from runs.wire.sse import HEARTBEAT, frame, select_mode

RAW = Path(__file__).resolve().parents[2] / "conformance/data/stream/raw_bytes.json"


def test_frames_are_the_recorded_bytes() -> None:
    recorded: bytes = ast.literal_eval(orjson.loads(RAW.read_bytes())["raw"])
    metadata = frame("metadata", b'{"run_id":"<uuid-1>","attempt":1}', "<event-id-1>")
    values = [frame("values", b'{"seconds":0,"steps":1,"tick":%d}' % tick, f"<event-id-{tick + 2}>") for tick in (0, 1)]
    assert metadata + b"".join(values) == recorded


def test_frames_of_runs_that_cannot_be_resumed_have_no_id() -> None:
    assert frame("values", b"{}") == b"event: values\r\ndata: {}\r\n\r\n"
    assert HEARTBEAT == b": heartbeat\r\n\r\n"


@pytest.mark.parametrize(
    ("event", "modes", "shown"),
    [
        ("values", {"values"}, True),
        ("values|middle:1", {"values"}, True),
        ("updates", {"values"}, False),
        ("messages", {"messages-tuple"}, True),
        ("messages|a:1", {"messages-tuple"}, True),
        ("messages/partial", {"messages"}, True),
        ("messages/metadata", {"messages-tuple"}, True),
        ("messages/partial", {"messages/partial"}, True),
        ("messages/metadata", {"messages/partial"}, False),
        ("messages", {"messages/partial"}, False),
        ("events", {"events"}, True),
        ("checkpoints|a:1|b:2", {"checkpoints", "debug"}, True),
        ("debug", {"tasks", "checkpoints"}, False),
        ("metadata", {"values"}, False),
        ("error", {"values"}, True),
    ],
)
def test_a_reader_gets_the_modes_it_asked_for(event: str, modes: set[str], shown: bool) -> None:
    assert select_mode(event, modes) is shown
