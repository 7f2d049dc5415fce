"""Compares what was recorded with what came, where ids and times are placeholders."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Json = Any

PLACEHOLDER = re.compile(r"<([a-z]+(?:-id)?)(-\d+)?>")
PATTERNS = {
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00",
    "ms": r"\d+",
    "event-id": r"\d+-\d+",
    "interrupt": r"[0-9a-f]{32}",
}
ANY_ID = r"[0-9A-Za-z_-]+"
FREE = {"time", "ms", "event-id"}  # never the same twice, or not always different on the recorded server

# Facts about the recorded deployment, which the README says clients do not need.
DEPLOYMENT = frozenset(
    {
        "langgraph_version",
        "langgraph_api_version",
        "langgraph_plan",
        "langgraph_host",
        "langgraph_api_url",
        "langgraph_request_id",
        "langgraph_auth_user",
        "langgraph_auth_user_id",
        "langgraph_auth_permissions",
        "__request_start_time_ms__",
        "__after_seconds__",
        "lc_versions",
    }
)
CONFIGURED = re.compile(r".*/(metadata|configurable)|/sse/\d+/data/1")  # here `user_id` is the caller's, empty without authentication
OMITTED = "(omitted)"
PENDING = frozenset({"pending", "running"})  # how far a run has come when one asks

ROW = re.compile(r"/json(/\d+)?")
WHOLE = (
    {"thread_id", "created_at", "status", "metadata", "config"},
    {"run_id", "kwargs"},
    {"tasks", "parent_checkpoint_id"},
    {"graph_id", "version", "name"},
)


@dataclass(slots=True)
class Bindings:
    """What each placeholder stands for; the first occurrence says."""

    values: dict[str, str] = field(default_factory=dict)

    def fill(self, value: Json) -> Json:
        """A request with its placeholders replaced; one that nothing was bound to gets an id that nobody has."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self.values.get(found[0]) or self._invented(found[0], found[1]), value)
        if isinstance(value, dict):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    def match(self, expected: str, actual: object) -> bool:
        """Whether a text fits the recorded one; binds what was unbound."""
        if not isinstance(actual, str):
            return False
        fresh: list[str] = []
        found = re.fullmatch(self._pattern(expected, fresh), actual, re.DOTALL)
        if found is None:
            return False
        self.values.update(zip(fresh, found.groups(), strict=True))
        return True

    def _pattern(self, expected: str, fresh: list[str]) -> str:
        parts, end = [], 0
        for placeholder in PLACEHOLDER.finditer(expected):
            parts.append(re.escape(expected[end : placeholder.start()]))
            end = placeholder.end()
            name, kind = placeholder[0], placeholder[1]
            if name in self.values and kind not in FREE:
                parts.append(re.escape(self.values[name]))
            elif name in fresh:
                parts.append(rf"\{fresh.index(name) + 1}")
            else:
                fresh.append(name)
                parts.append(f"({PATTERNS.get(kind, ANY_ID)})")
        return "".join([*parts, re.escape(expected[end:])])

    def _invented(self, name: str, kind: str) -> str:
        self.values[name] = uuid4().hex if kind == "interrupt" else str(uuid4())
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the answers differ."""

    pointer: str
    expected: Json
    actual: Json

    def __str__(self) -> str:
        return f"{self.pointer}: recorded {_cut(self.expected)}, came {_cut(self.actual)}"


def differences(expected: Json, actual: Json, bindings: Bindings, pointer: str = "") -> Iterator[Difference]:
    """Every difference. Rows that the recorder shortened may have more keys than recorded; whole ones and stream data may not."""
    if expected == OMITTED:
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _objects(expected, actual, bindings, pointer)
    elif isinstance(expected, list) and isinstance(actual, list):
        if pointer.endswith("_keys"):  # the graph `memory` names the keys it was given
            expected, actual = ([key for key in keys if key not in DEPLOYMENT | {"user_id"}] for keys in (expected, actual))
        for index, (one, other) in enumerate(zip(expected, actual, strict=False)):
            yield from differences(one, other, bindings, f"{pointer}/{index}")
        if len(expected) != len(actual):
            yield Difference(f"{pointer}/length", len(expected), len(actual))
    elif isinstance(expected, str) and isinstance(actual, str | int):
        if not (bindings.match(expected, str(actual)) or {expected, actual} <= PENDING):
            yield Difference(pointer, expected, actual)
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield Difference(pointer, expected, actual)


def strictly(pointer: str, expected: dict[str, Json]) -> bool:
    """Whether further keys are a difference here."""
    return ROW.fullmatch(pointer) is None or any(keys <= set(expected) for keys in WHOLE)


def _objects(expected: dict[str, Json], actual: dict[str, Json], bindings: Bindings, pointer: str) -> Iterator[Difference]:
    dropped = DEPLOYMENT | {"user_id"} if CONFIGURED.fullmatch(pointer) else DEPLOYMENT
    left = {key: value for key, value in actual.items() if key not in dropped}
    for key, value in expected.items():
        if key in dropped:
            continue
        found = _key(key, value, left, bindings)
        if found is None or not bindings.match(key, found):
            yield Difference(f"{pointer}/{key}", value, "nothing")
        else:
            yield from differences(value, left.pop(found), bindings, f"{pointer}/{key}")
    if strictly(pointer, expected):
        for key, value in left.items():
            yield Difference(f"{pointer}/{key}", "nothing", value)


def _key(key: str, value: Json, left: dict[str, Json], bindings: Bindings) -> str | None:
    """The key that the recorded one stands for: of several that fit a placeholder, the one whose value fits, too."""
    if key in left:
        return key
    fitting = [name for name in left if Bindings(dict(bindings.values)).match(key, name)]
    for name in fitting:
        if not list(differences(value, left[name], Bindings(bindings.values | {key: name}))):
            return name
    return fitting[0] if fitting else None


def _cut(value: Json, length: int = 300) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}…"
