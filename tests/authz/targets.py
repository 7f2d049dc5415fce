"""What the matrix aims at: one object of each kind in a tenant, and the people around it."""

from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import uuid4

import httpx
from django.db import connection

from assistants.models import Assistant, AssistantVersion
from runs.models import Interrupt, ReviewComment, Run, Thread
from tenants.actors import Role
from tenants.database.context import acting_for
from tenants.models import ApiKey, Member, Tenant
from tenants.services.api_keys import create_key
from tests import builders
from tests.builders import Person

WATCHED = (Thread, Run, Interrupt, ReviewComment, Assistant, AssistantVersion, ApiKey, Member)


@dataclass(frozen=True, slots=True)
class Target:
    """Ids of one tenant's objects, as paths and bodies carry them."""

    thread_id: str
    run_id: str
    assistant_id: str
    checkpoint_id: str
    interrupt_id: str = "0" * 32
    key_id: str = field(default_factory=lambda: str(uuid4()))
    identity: str = field(default_factory=lambda: str(uuid4()))
    user_id: str = field(default_factory=lambda: str(uuid4()))
    namespace: str = "middle"
    review_id: str = "00000000-0000-0000-0000-000000000000"

    def never_existed(self) -> "Target":
        """Ids of the same form that nobody has."""
        return replace(self, **{part.name: str(uuid4()) for part in fields(self) if part.name != "interrupt_id"}, interrupt_id=uuid4().hex)

    def masked(self, text: str) -> str:
        """A text without its ids: what a foreign and an unknown object must have in common."""
        for part in fields(self):
            text = text.replace(getattr(self, part.name), f"<{part.name}>")
        return text

    def shown_in(self, text: str) -> list[str]:
        """Which of its ids a text names."""
        return [part.name for part in fields(self) if part.name.endswith("_id") and getattr(self, part.name) in text]


@dataclass(slots=True)
class Village:
    """A tenant with its author and a colleague of each role, and a stranger."""

    tenant: Tenant
    people: dict[str, Person]

    @classmethod
    def make(cls) -> "Village":
        """With keys for everybody."""
        tenant = builders.make_tenant()
        people = {role.value: builders.make_person(tenant, role) for role in Role}
        people["author"] = builders.make_person(tenant, Role.OPERATOR)
        people["stranger"] = builders.make_person(builders.make_tenant(), Role.OWNER)
        return cls(tenant, people)

    def headers(self, who: str) -> dict[str, str]:
        """What authenticates them; nobody has nothing."""
        return self.people[who].headers if who in self.people else {}

    def target(self, kind: str, http: httpx.Client) -> Target:
        """A fresh one: `thread` with a finished run, `active` with a pending one, `used` by it, `finished`, `paused` by real runs.

        `key of developer` (or of another role): a viewer's key that this colleague made. `member viewer` (…): somebody of this role.
        """
        if kind.startswith(("key of ", "member ")):
            return self._of_tenant(kind)
        assistant = builders.make_assistant(self.tenant)
        if kind in ("finished", "paused", "approval"):
            return self._by_run(kind, http, str(assistant.assistant_id))
        metadata = {"assistant_id": str(assistant.assistant_id)} if kind == "used" else {}
        status = "busy" if kind == "active" else "idle"
        thread = builders.make_thread(self.tenant, self.people["author"].actor, status=status, metadata=metadata)
        run = builders.make_run(self.tenant, thread, "pending" if kind == "active" else "success", resumable=True)
        return Target(str(thread.thread_id), str(run.run_id), str(assistant.assistant_id), str(uuid4()))

    def _of_tenant(self, kind: str) -> Target:
        nothing, role = Target(*(str(uuid4()) for _ in range(4))), kind.rpartition(" ")[2]
        if kind.startswith("member "):
            return replace(nothing, user_id=str(builders.make_member(self.tenant, role)))
        maker = self.people[role].actor
        with acting_for(self.tenant.tenant_id):
            key, _ = create_key(actor=maker, name="target", role=Role.VIEWER, now=builders.now())
        return replace(nothing, key_id=str(key.key_id), identity=str(key.identity))

    def _by_run(self, kind: str, http: httpx.Client, assistant_id: str) -> Target:
        headers = self.headers("author")
        thread = http.post("/threads", json={}, headers=headers).json()["thread_id"]
        input: Any = {"mode": "none" if kind == "finished" else "single"}
        body = {"assistant_id": "approval", "input": input}
        if kind == "approval":
            body = {"assistant_id": "clerk_each", "input": {"messages": [{"role": "user", "content": "book:Rome"}]}}
        answer = http.post(f"/threads/{thread}/runs/wait", json=body, headers=headers).json()
        history: Any = http.post(f"/threads/{thread}/history", json={"limit": 10}, headers=headers).json()
        run = http.get(f"/threads/{thread}/runs", headers=headers).json()[0]["run_id"]
        target = Target(thread, run, assistant_id, history[1]["checkpoint"]["checkpoint_id"])
        if kind == "finished":
            return target
        (review,) = http.post("/reviews/search", json={"thread_id": thread}, headers=headers).json()
        return replace(target, interrupt_id=answer["__interrupt__"][0]["id"], review_id=review["review_id"])

    def contents(self) -> list[str]:
        """Every row of the tenant, to see that a stranger changed nothing."""
        tenant_id = self.tenant.tenant_id
        with acting_for(tenant_id), connection.cursor() as cursor:
            cursor.execute("select prefix, key, value from store order by prefix, key")
            items = list(map(repr, cursor.fetchall()))
            return items + [repr(row) for model in WATCHED for row in model.objects.for_tenant(tenant_id).order_by("pk").values()]
