"""Sends the recorded requests to a running server and compares the answers: `python -m tests.conformance.replay URL KEY [case …]`."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.conformance.deviations import NOT_BUILT, TABLE, Deviation
from tests.conformance.matching import PLACEHOLDER, Bindings, Difference, differences
from tests.conformance.preparation import BEFORE, BEHIND, DROPPED_AFTER, LEAVING, MEANWHILE, Visit
from tests.conformance.transcripts import Json, Step, cases, transcript

HEADERS = frozenset(
    {
        "content-type",
        "location",
        "content-location",
        "x-pagination-total",
        "x-pagination-next",
        "cache-control",
        "x-accel-buffering",
        "allow",
    }
    | {"access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers"}
)
RECORDED_URL = "http://127.0.0.1:18123"
UNFINISHED = ('"busy"', '"pending"', '"running"')


@dataclass(frozen=True, slots=True)
class Found:
    """A difference in a step, with the reason if it is in the table."""

    step: int
    difference: Difference
    deviation: Deviation | None

    def __str__(self) -> str:
        return f"step {self.step} {self.difference}"


@dataclass(slots=True)
class Replay:
    """One case against one server, as one caller."""

    case: str
    client: httpx.Client
    bindings: Bindings = field(default_factory=Bindings)

    def run(self) -> list[Found]:
        """Every difference of the case, in order."""
        found: list[Found] = []
        steps = transcript(self.case).steps
        for index, step in enumerate(steps):
            if (self.case, index) in BEFORE:
                BEFORE[self.case, index](Visit(self.client, self.bindings))
            found += [Found(index, each, deviation_of(self.case, index, each.pointer)) for each in self._step(index, step)]
        return found

    def _step(self, index: int, step: Step) -> Iterator[Difference]:
        if (self.case, index) in BEHIND:  # recorded while the stream of the next step was open
            return
        request = self._request(step)
        self._wait(request, step)
        response, frames = self._send(index, step, request)
        yield from self._compare(step, response, frames)

    def _request(self, step: Step) -> Json:
        for name in sorted(_threads(step)):
            if name not in self.bindings.values and _expects_thread(step):
                Visit(self.client, self.bindings).thread(name)
        filled: Json = self.bindings.fill(step.request)
        return filled

    def _wait(self, request: Json, step: Step) -> None:
        """Reads were recorded after a pause wherever the answer shows finished runs."""
        parts = request["path"].partition("?")[0].split("/")
        if request["method"] != "GET" or parts[1] != "threads" or parts[-1] in ("join", "stream") or step.response["status"] != 200:
            return
        recorded = json.dumps(step.response.get("json"))
        if not any(word in recorded for word in UNFINISHED):
            Visit(self.client, self.bindings).settled(parts[2])

    def _send(self, index: int, step: Step, request: Json) -> tuple[httpx.Response, list[Json]]:
        headers, content = _body(request)
        with self.client.stream(request["method"], request["path"], headers=headers, content=content, follow_redirects=False) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                response.read()
                return response, []
            self.bindings.match(step.response["headers"].get("content-location", ""), response.headers.get("content-location", ""))
            return response, self._follow(index, response)

    def _follow(self, index: int, response: httpx.Response) -> list[Json]:
        """The frames of a stream, with the request that was sent meanwhile; as many as the recorder took."""
        frames: list[Json] = []
        MEANWHILE.get((self.case, index), _nothing)(Visit(self.client, self.bindings))
        if BEHIND.get((self.case, index - 1)) == 0:
            self._send_behind(index - 1)
        for frame in _frames(response.iter_lines()):
            frames.append(frame)
            if len(frames) == BEHIND.get((self.case, index - 1)):
                self._send_behind(index - 1)
            if len(frames) == DROPPED_AFTER.get((self.case, index)):
                LEAVING.get((self.case, index), _nothing)(Visit(self.client, self.bindings))
                break
        return frames

    def _send_behind(self, index: int) -> None:
        step = transcript(self.case).steps[index]
        answer = self.client.request(step.request["method"], self.bindings.fill(step.request["path"]))
        assert answer.status_code == step.response["status"], answer.text

    def _compare(self, step: Step, response: httpx.Response, frames: list[Json]) -> Iterator[Difference]:
        recorded = step.response
        if recorded["status"] != response.status_code:
            yield Difference(
                "/status", recorded["status"], f"{response.status_code} {response.text[:200] if response.is_stream_consumed else ''}"
            )
            return
        for name in HEADERS & recorded["headers"].keys():
            expected = recorded["headers"][name].replace(RECORDED_URL, str(self.client.base_url).rstrip("/"))
            if not self.bindings.match(expected, response.headers.get(name)):
                yield Difference(f"/headers/{name}", expected, response.headers.get(name))
        if "sse" in recorded:
            shown = [{key: frame[key] for key in ("id", "event", "data") if key in frame} for frame in recorded["sse"] if "event" in frame]
            yield from differences(shown, frames, self.bindings, "/sse")
        elif "json" in recorded:
            place = "/body" if step.request["path"].endswith(("/wait", "/join")) else "/json"
            yield from differences(recorded["json"], shaped(recorded["json"], response.json()), self.bindings, place)
        elif not recorded.get("text", "(").startswith("("):
            yield from differences(recorded["text"], response.text, self.bindings, "/text")


def shaped(expected: Any, actual: Any) -> Any:
    """The actual states in the form to which the recorder cut a history: a step, a triple, or an object with names of its own."""
    if not isinstance(expected, list) or not isinstance(actual, list) or not all(_is_state(row) for row in actual):
        return actual
    return [_shaped(one, row) for one, row in zip(expected, actual, strict=False)] + actual[len(expected) :]


def _is_state(row: object) -> bool:
    return isinstance(row, dict) and "parent_checkpoint" in row


def _shaped(expected: Any, row: Json) -> Any:
    metadata = row["metadata"] or {}
    if isinstance(expected, int):
        return metadata.get("step")
    if isinstance(expected, list):
        return [metadata.get("step"), row["next"], row["values"]]
    if "tasks" in expected:
        return row
    named = {**row, **metadata, "metadata": {key: metadata.get(key) for key in ("source", "step")}, "parent": row["parent_checkpoint"]}
    if isinstance(expected.get("checkpoint"), str):
        named |= {"checkpoint": row["checkpoint_id"], "parent": row["parent_checkpoint_id"]}
    return {key: named[key] for key in expected if key in named}


def deviation_of(case: str, step: int, pointer: str) -> Deviation | None:
    """The entry of the table that covers a difference."""
    return next((each for each in TABLE if each.covers(case, step, pointer)), None)


def built() -> list[str]:
    """The transcripts that concern what this server has."""
    return [case for case in cases() if case not in NOT_BUILT and transcript(case).steps]


def _threads(step: Step) -> set[str]:
    return {found[0] for found in PLACEHOLDER.finditer(json.dumps(step.request)) if found[1] == "thread"}


def _nothing(_: Visit) -> None:
    """What most streams are left after."""


def _expects_thread(step: Step) -> bool:
    made = isinstance(step.request.get("json"), dict) and step.request["json"].get("if_not_exists") == "create"
    return step.response["status"] != 404 and not made and step.request["path"] != "/threads"


def _body(request: Json) -> tuple[dict[str, str], bytes | None]:
    headers = {name: value for name, value in request.get("headers", {}).items() if name.lower() != "x-api-key"}
    if "json" in request:
        return {"content-type": "application/json", **headers}, json.dumps(request["json"]).encode()
    return headers, request["raw_body"].encode() if "raw_body" in request else None


def _frames(lines: Iterator[str]) -> Iterator[Json]:
    frame: Json = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line:
            if "event" in frame:
                yield frame
            frame = {}
        elif name:
            frame[name] = json.loads(value) if name == "data" else value


def main(url: str, key: str, *names: str) -> int:
    """Replay cases as one caller, best of a fresh tenant, and print every difference that is not in the table, then the counts."""
    passed = deviating = failed = 0
    for case in names or built():
        with httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=30) as client:
            started = time.monotonic()
            found = Replay(case, client).run()
        unexpected = [each for each in found if each.deviation is None]
        steps = len(transcript(case).steps)
        touched = {each.step for each in found}
        passed, deviating, failed = passed + steps - len(touched), deviating + len(touched), failed + len(unexpected)
        print(f"{case}: {steps - len(touched)} of {steps} steps as recorded, {time.monotonic() - started:.1f} s")
        for each in unexpected:
            print(f"    {each}")
    print(
        f"{passed} steps as recorded, {deviating} deviate, {failed} differences are not in the table, {len(NOT_BUILT)} cases are not built"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
