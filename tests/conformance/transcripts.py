"""Where the recorded exchanges of the official server lie, and what is in them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what the official server answered."""

    note: str
    request: Json
    response: Json


@dataclass(frozen=True, slots=True)
class Transcript:
    """A named sequence of exchanges."""

    case: str
    steps: tuple[Step, ...]


def transcript(case: str) -> Transcript:
    """The transcript `<area>/<name>`."""
    recorded = orjson.loads((DATA / f"{case}.json").read_bytes())
    steps = recorded.get("steps", [recorded])
    return Transcript(case, tuple(Step(step.get("note") or "", step["request"], step["response"]) for step in steps if "request" in step))


def cases() -> list[str]:
    """The names of all transcripts."""
    return sorted(str(path.relative_to(DATA).with_suffix("")) for path in DATA.rglob("*.json"))
