"""The periodic schedule."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from config.celery import store_sweep_seconds


@pytest.mark.parametrize(
    ("process", "store", "seconds"),
    [
        ("sweeps", {"ttl": {"sweep_interval_minutes": 0.5}}, 30.0),
        ("sweeps", {}, 300.0),
        ("sweeps", {"ttl": 5}, 300.0),
        ("worker", {"ttl": {"sweep_interval_minutes": 0.5}}, 300.0),
    ],
)
def test_items_are_swept_as_often_as_langgraph_json_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: str, store: object, seconds: float
) -> None:
    path = tmp_path / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"a": "a.py:g"}, "store": store}))
    monkeypatch.setattr(settings, "GRAPHS_FILE", path)
    monkeypatch.setattr(settings, "PROCESS", process)
    assert store_sweep_seconds() == seconds
