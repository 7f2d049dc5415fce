"""What the official clients were recorded to send, sent to a running server: every request is accepted, or listed with the reason."""

import re
from typing import Any

import httpx
import orjson
import pytest

from tests.builders import Person
from tests.conformance.transcripts import DATA
from tests.waiting import until

Json = dict[str, Any]
NAME = re.compile(r"<(\w+)-\d+>")
TTL = "threads with a time to live are not built yet"
STRICT = "nothing waits for an answer on this thread"
CRONS = "crons are not built yet"
GONE = "this run has ended: refused by the recorded server, too"
# By the first words of the call: what it answers instead, and why.
REFUSED = {
    "threads.create(metadata={'x':1}, graph_id='slow', ttl=5)": (422, TTL),
    "threads.create": (422, TTL),
    "runs.wait(command={'resume':1,'goto':None})": (409, STRICT),
    "runs.stream(command resume)": (409, STRICT),
    "runs.cancel_many(thread_id=..., run_ids=[...])": (404, GONE),
    **{f"crons.{name}": (405, CRONS) for name in ("create_for_thread", "createForThread")},
    **{f"crons.{name}": (404, CRONS) for name in ("create", "search", "count", "update", "delete")},
    **{f"crons.{name}": (404, CRONS) for name in ("search()", "count()", "update(enabled=True)")},
}
EVENT_STREAMING = "threads.stream("  # the protocol of version 2, which is not built yet


class Sender:
    """One client's requests, with ids of this server for the recorded ones."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.bound: dict[str, str] = {}
        self.latest: dict[str, str] = {}

    def send(self, request: Json) -> int:
        """The status of one request; what it made is what the next new name means."""
        path, body = self._filled(request["url"]), self._filled(request.get("json"))
        headers = {name: value for name, value in request["headers"].items() if name != "x-api-key"}
        content = None if "json" not in request else orjson.dumps(body)
        with self.client.stream(request["method"], path, content=content, headers=headers) as answer:
            if path.partition("?")[0].endswith(self.bound.get("<thread-1>", "") + "/stream"):
                return answer.status_code  # the stream of a thread stays open
            answer.read()
            self._note(request, answer)
            return answer.status_code

    def _note(self, request: Json, answer: httpx.Response) -> None:
        if found := re.search(r"/runs/([0-9a-f-]{36})$", answer.headers.get("content-location", "")):
            self.latest["run"] = found[1]
        made = answer.json() if answer.status_code == 200 and answer.headers["content-type"] == "application/json" else None
        if request["method"] == "POST" and request["url"] in ("/threads", "/assistants") and isinstance(made, dict):
            kind = request["url"][1:-1]
            self.latest[kind] = made[f"{kind}_id"]

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return NAME.sub(lambda found: self._id(found[0], found[1]), value) if isinstance(value, str) else value

    def _id(self, name: str, kind: str) -> str:
        if name not in self.bound:
            if kind == "checkpoint":
                thread = self.client.get(f"/threads/{self.bound['<thread-1>']}/state").json()
                self.latest[kind] = thread["checkpoint_id"]
            elif kind == "thread" and kind not in self.latest:
                self.latest[kind] = self.client.post("/threads", json={"metadata": {"graph_id": "slow", "x": 1}}).json()["thread_id"]
            self.bound[name] = self.latest.get(kind, "00000000-0000-4000-8000-000000000000")
        return self.bound[name]

    def settle(self) -> None:
        """Reads and writes of state were recorded on a thread at rest."""
        if thread := self.bound.get("<thread-1>"):
            until("the thread is at rest", lambda: self.client.get(f"/threads/{thread}").json().get("status") != "busy")


@pytest.mark.parametrize("language", ["python", "js"])
def test_what_clients_send_is_accepted(language: str, live: str, owner: Person) -> None:
    requests = orjson.loads((DATA / "clients" / f"{language}_sdk_requests.json").read_bytes())["requests"]
    answers: dict[str, int] = {}
    with httpx.Client(base_url=live, headers=owner.headers, timeout=30) as client:
        sender = Sender(client)
        for request in requests:
            if "method" not in request or request["call"].startswith(EVENT_STREAMING):
                continue
            if request["call"].startswith(("threads.", "assistants.")):
                sender.settle()
            answers[f"{request['call']} {request['method']}"] = sender.send(request)
    refused = {name: status for name, status in answers.items() if status >= 300}
    listed = {name: REFUSED.get(name.rpartition(" ")[0], (0, ""))[0] for name in refused}
    assert refused == listed
    assert len(answers) >= 45
