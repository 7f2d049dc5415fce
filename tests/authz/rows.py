"""The table: every endpoint, who may, and what they get."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import uuid4

from tests.authz.targets import Target

# Six roles, none of whom owns the target; `author` is the operator who does.
ROLES = ("viewer", "operator", "reviewer", "developer", "admin", "owner")
COLLEAGUES = ("author", *ROLES)

ALL = frozenset(COLLEAGUES)
MAKERS = frozenset({"author", "operator", "developer", "admin", "owner"})
DEVELOPERS = frozenset({"developer", "admin", "owner"})
ADMINS = frozenset({"admin", "owner"})
OWNERS = frozenset({"owner"})
AUTHOR_OR_DEVELOPERS = DEVELOPERS | {"author"}
AUTHOR_OR_ADMINS = frozenset({"author", "admin", "owner"})
DECIDERS = DEVELOPERS | {"reviewer"}
ANSWERERS = DECIDERS | {"author"}

Body = Callable[[Target], Any]


class Scope(Enum):
    """What an endpoint is about."""

    OPEN = "the system: anybody, without a key"
    TENANT = "the caller's own tenant: a stranger gets theirs, without anything of ours"
    TARGET = "one object: for a stranger it does not exist"


@dataclass(frozen=True, slots=True)
class Row:
    """`may` get `status`; others of the tenant get 403, strangers `absent`, nobody 401."""

    endpoint: str
    may: frozenset[str] = ALL
    status: int = 200
    absent: int = 404
    body: Body | None = None
    target: str = "thread"
    scope: Scope = Scope.TARGET
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    note: str = ""
    endless: bool = False

    def __str__(self) -> str:
        return f"{self.endpoint} {self.note}".strip()


def nothing(target: Target) -> Any:
    """An empty object."""
    return {}


def run(target: Target) -> Any:
    """A short run."""
    return {"assistant_id": "approval", "input": {"mode": "none"}}


def answer(target: Target) -> Any:
    """An answer to the target's interrupt."""
    return {"assistant_id": "approval", "command": {"resume": {target.interrupt_id: "yes"}}}


def deciding(target: Target) -> Any:
    """An answer to the target's question, as a review."""
    return {"decision": "respond", "value": "yes"}


def approving(target: Target) -> Any:
    """The approval of a tool's call."""
    return {"decision": "approve"}


def supersteps(target: Target) -> Any:
    """A thread with a state of its own."""
    updates = [{"values": {"mode": "none"}, "as_node": "__start__"}]
    return {"metadata": {"graph_id": "approval"}, "supersteps": [{"updates": updates}]}


def goto(target: Target) -> Any:
    """A way around the target's gate."""
    return {"assistant_id": "approval", "command": {"goto": "act"}}


def fork(target: Target) -> Any:
    """A run from an old checkpoint, which re-opens what was decided."""
    return {"assistant_id": "approval", "input": None, "checkpoint_id": target.checkpoint_id}


def pushing(strategy: str) -> Body:
    """A run that ends those before it."""
    return lambda target: run(target) | {"multitask_strategy": strategy}


def named_runs(target: Target) -> Any:
    """Runs of a thread, to be cancelled."""
    return {"thread_id": target.thread_id, "run_ids": [target.run_id]}


def key_of(role: str) -> Body:
    """A new key of this role."""
    return lambda _: {"name": "made", "role": role}


def person_of(role: str) -> Body:
    """A new person of this role."""
    return lambda _: {"email": f"{uuid4().hex}@example.org", "role": role}


def item_at(target: Target) -> Any:
    """An item named after the target."""
    return {"namespace": ["notes", target.thread_id], "key": "k"}


def open_row(path: str) -> Row:
    """Of the system."""
    return Row(f"GET {path}", scope=Scope.OPEN)


TABLE = [
    *map(open_row, ("/", "/ok", "/ready", "/info", "/metrics", "/docs", "/openapi.json")),
    Row("POST /tickets", scope=Scope.TENANT, body=lambda target: {"path": f"/ws/threads/{target.thread_id}/runs/{target.run_id}"}),
    # assistants
    Row("POST /assistants", DEVELOPERS, scope=Scope.TENANT, body=lambda _: {"graph_id": "approval"}),
    Row("POST /assistants/search", scope=Scope.TENANT, body=nothing),
    Row("POST /assistants/count", scope=Scope.TENANT, body=nothing),
    Row("GET /assistants/{assistant_id}"),
    Row("PATCH /assistants/{assistant_id}", DEVELOPERS, body=lambda _: {"name": "changed"}),
    Row("DELETE /assistants/{assistant_id}", DEVELOPERS, 204),
    Row("DELETE /assistants/{assistant_id}", DEVELOPERS, 204, query="?delete_threads=true", note="with its threads"),
    Row("DELETE /assistants/{assistant_id}", ADMINS, 204, target="used", query="?delete_threads=true", note="with somebody's threads"),
    Row("GET /assistants/{assistant_id}/graph"),
    Row("GET /assistants/{assistant_id}/graph", query="?xray=true", note="opened"),
    Row("GET /assistants/{assistant_id}/subgraphs"),
    Row("GET /assistants/{assistant_id}/subgraphs/{namespace}"),
    Row("GET /assistants/{assistant_id}/schemas"),
    Row("POST /assistants/{assistant_id}/versions", body=nothing),
    Row("POST /assistants/{assistant_id}/latest", DEVELOPERS, body=lambda _: {"version": 1}),
    # threads
    Row("POST /threads", MAKERS, scope=Scope.TENANT, body=nothing),
    Row("POST /threads", DEVELOPERS, scope=Scope.TENANT, body=supersteps, note="with a state"),
    Row("POST /threads/search", scope=Scope.TENANT, body=nothing),
    Row("POST /threads/search", scope=Scope.TENANT, body=lambda target: {"ids": [target.thread_id]}, note="by id"),
    Row("POST /threads/count", scope=Scope.TENANT, body=nothing),
    Row("GET /threads/{thread_id}"),
    Row("PATCH /threads/{thread_id}", AUTHOR_OR_DEVELOPERS, body=lambda _: {"metadata": {"a": 1}}),
    Row("DELETE /threads/{thread_id}", AUTHOR_OR_ADMINS, 204),
    Row("POST /threads/{thread_id}/copy", MAKERS, absent=409, target="finished"),
    Row("POST /threads/{thread_id}/copy", DEVELOPERS, absent=409, target="paused", note="with its gate"),
    Row("GET /threads/{thread_id}/storage", target="finished"),
    Row("POST /threads/prune", AUTHOR_OR_ADMINS, scope=Scope.TENANT, body=lambda target: {"thread_ids": [target.thread_id]}),
    Row(
        "POST /threads/prune",
        AUTHOR_OR_ADMINS,
        scope=Scope.TENANT,
        target="finished",
        body=lambda target: {"thread_ids": [target.thread_id], "strategy": "keep_latest"},
        note="to its latest state",
    ),
    Row(
        "POST /threads/prune",
        frozenset({"admin", "owner"}),
        scope=Scope.TENANT,
        target="paused",
        body=lambda target: {"thread_ids": [target.thread_id]},
        note="with its gate",
    ),
    Row("GET /threads/{thread_id}/state", target="paused"),
    Row("PATCH /threads/{thread_id}/state", DEVELOPERS, 204, target="finished", body=lambda _: {"metadata": {"a": 1}}),
    Row("POST /threads/{thread_id}/state", DEVELOPERS, target="finished", body=lambda _: {"values": {"answers": ["edited"]}}),
    Row(
        "POST /threads/{thread_id}/state",
        DEVELOPERS,
        target="paused",
        body=lambda _: {"values": {"answers": ["skipped"]}, "as_node": "ask"},
        note="around a gate",
    ),
    Row("GET /threads/{thread_id}/state/{checkpoint_id}", target="finished"),
    Row(
        "POST /threads/{thread_id}/state/checkpoint", target="finished", body=lambda it: {"checkpoint": {"checkpoint_id": it.checkpoint_id}}
    ),
    Row("GET /threads/{thread_id}/history", target="finished"),
    Row("POST /threads/{thread_id}/history", target="finished", body=nothing),
    # runs of a thread
    Row("GET /threads/{thread_id}/runs"),
    Row("POST /threads/{thread_id}/runs", AUTHOR_OR_DEVELOPERS, body=run),
    Row("POST /threads/{thread_id}/runs", ANSWERERS, target="paused", body=answer, note="answering"),
    Row("POST /threads/{thread_id}/runs", DEVELOPERS, target="paused", body=goto, note="goto around a gate"),
    Row("POST /threads/{thread_id}/runs", DEVELOPERS, target="finished", body=fork, note="from an old checkpoint"),
    Row("POST /threads/{thread_id}/runs", AUTHOR_OR_DEVELOPERS, target="active", body=pushing("interrupt"), note="pushing a run aside"),
    Row("POST /threads/{thread_id}/runs", AUTHOR_OR_DEVELOPERS, target="active", body=pushing("rollback"), note="rolling a run back"),
    Row("POST /threads/{thread_id}/runs/wait", AUTHOR_OR_DEVELOPERS, body=run),
    Row("POST /threads/{thread_id}/runs/wait", ANSWERERS, target="paused", body=answer, note="answering"),
    Row("POST /threads/{thread_id}/runs/stream", AUTHOR_OR_DEVELOPERS, body=run),
    Row("POST /threads/{thread_id}/runs/stream", ANSWERERS, target="paused", body=answer, note="answering"),
    Row("GET /threads/{thread_id}/runs/{run_id}"),
    Row("DELETE /threads/{thread_id}/runs/{run_id}", AUTHOR_OR_ADMINS, 204),
    Row("GET /threads/{thread_id}/runs/{run_id}/join"),
    Row("GET /threads/{thread_id}/runs/{run_id}/stream"),
    Row("GET /threads/{thread_id}/runs/{run_id}/stream", headers={"Last-Event-ID": "-"}, note="replayed"),
    Row("GET /threads/{thread_id}/stream", endless=True),
    Row("GET /threads/{thread_id}/stream", headers={"Last-Event-ID": "-"}, note="replayed", endless=True),
    Row("POST /threads/{thread_id}/runs/{run_id}/cancel", AUTHOR_OR_DEVELOPERS, 202, target="active"),
    Row(
        "POST /threads/{thread_id}/runs/{run_id}/cancel",
        AUTHOR_OR_DEVELOPERS,
        202,
        target="active",
        query="?action=rollback",
        note="rolling back",
    ),
    # runs without a thread
    Row("POST /runs", MAKERS, scope=Scope.TENANT, body=run),
    Row("POST /runs/batch", MAKERS, scope=Scope.TENANT, body=lambda target: [run(target)] * 2),
    Row("POST /runs/cancel", AUTHOR_OR_DEVELOPERS, 204, target="active", body=named_runs),
    Row("POST /runs/cancel", AUTHOR_OR_DEVELOPERS, 204, target="active", body=named_runs, query="?action=rollback", note="rolling back"),
    Row("POST /runs/wait", MAKERS, scope=Scope.TENANT, body=run),
    Row("POST /runs/stream", MAKERS, scope=Scope.TENANT, body=run),
    # reviews
    Row("POST /reviews/search", scope=Scope.TENANT, body=nothing),
    Row("GET /reviews/{review_id}", target="paused"),
    Row("POST /reviews/{review_id}/decide", ANSWERERS, target="paused", body=deciding),
    Row("POST /reviews/{review_id}/decide", DECIDERS, target="approval", body=approving, note="what is not left to owners"),
    Row("POST /reviews/{review_id}/assign", DECIDERS, target="paused", body=lambda _: {"assignee": "me"}),
    Row("GET /reviews/{review_id}/comments", target="paused"),
    Row("POST /reviews/{review_id}/comments", DECIDERS, target="paused", body=lambda _: {"text": "hm"}),
    # store
    Row("PUT /store/items", DEVELOPERS, 204, scope=Scope.TENANT, body=lambda it: item_at(it) | {"value": {"n": 1}}),
    Row("GET /store/items", scope=Scope.TENANT, query="?namespace=notes&key=k"),
    Row("DELETE /store/items", DEVELOPERS, 204, scope=Scope.TENANT, body=item_at),
    Row("POST /store/items/search", scope=Scope.TENANT, body=nothing),
    Row("POST /store/namespaces", scope=Scope.TENANT, body=nothing),
    # tenant
    Row("GET /tenant", scope=Scope.TENANT),
    Row("PATCH /tenant", OWNERS, scope=Scope.TENANT, body=lambda _: {"name": "changed", "settings": {"keys_need_second_person": False}}),
    Row("GET /tenant/keys", DEVELOPERS, scope=Scope.TENANT, target="key of developer", query="?limit=1000"),
    Row("POST /tenant/keys", DEVELOPERS, scope=Scope.TENANT, body=key_of("developer")),
    Row("POST /tenant/keys", ADMINS, scope=Scope.TENANT, body=key_of("admin"), note="of an admin"),
    Row("POST /tenant/keys", OWNERS, scope=Scope.TENANT, body=key_of("owner"), note="of an owner"),
    Row(
        "POST /tenant/keys",
        DEVELOPERS,
        target="key of developer",
        body=lambda it: key_of("viewer")(it) | {"identity": it.identity},
        note="as the developer's identity",
    ),
    Row(
        "POST /tenant/keys",
        ADMINS,
        target="key of admin",
        body=lambda it: key_of("viewer")(it) | {"identity": it.identity},
        note="as the admin's identity",
    ),
    Row("POST /tenant/keys/{key_id}/rotate", DEVELOPERS, target="key of developer", body=nothing, note="made by a developer"),
    Row("POST /tenant/keys/{key_id}/rotate", ADMINS, target="key of owner", body=nothing, note="made by an owner"),
    Row("DELETE /tenant/keys/{key_id}", DEVELOPERS, 204, target="key of developer", note="made by a developer"),
    Row("DELETE /tenant/keys/{key_id}", ADMINS, 204, target="key of owner", note="made by an owner"),
    Row("GET /tenant/members", ADMINS, scope=Scope.TENANT, target="member viewer", query="?limit=1000"),
    Row("POST /tenant/members", ADMINS, scope=Scope.TENANT, body=person_of("admin")),
    Row("POST /tenant/members", OWNERS, scope=Scope.TENANT, body=person_of("owner"), note="an owner"),
    Row("PATCH /tenant/members/{user_id}", ADMINS, target="member viewer", body=lambda _: {"role": "admin"}),
    Row("PATCH /tenant/members/{user_id}", OWNERS, target="member viewer", body=lambda _: {"role": "owner"}, note="to owner"),
    Row("PATCH /tenant/members/{user_id}", OWNERS, target="member owner", body=lambda _: {"role": "viewer"}, note="from owner"),
    Row("DELETE /tenant/members/{user_id}", ADMINS, 204, target="member developer"),
    Row("DELETE /tenant/members/{user_id}", OWNERS, 204, target="member owner", note="an owner"),
    Row("GET /tenant/audit/export", ADMINS, scope=Scope.TENANT, target="key of developer"),
    Row("POST /tenant/audit/search", ADMINS, scope=Scope.TENANT, body=lambda _: {"limit": 1000}),
    Row("POST /tenant/audit/search", ADMINS, scope=Scope.TENANT, body=lambda it: {"target_id": it.thread_id}, note="of an object"),
]
GUARDED = [row for row in TABLE if row.scope is not Scope.OPEN]
