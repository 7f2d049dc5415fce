"""The audit log is searched: newest first, in pages that cost the same however long it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import connection

from tenants.actors import Actor, Role
from tenants.database.context import acting_for
from tenants.database.threads import in_database
from tenants.exceptions import Invalid, NotAllowed, NotAuthenticated
from tenants.models import AuditEvent, Tenant
from tenants.services import audit
from tenants.services.api_keys import revoke_key
from tenants.services.audit import export_events, search_events
from tenants.wire import AuditSearch
from tests import crowds, stack
from tests.builders import actor_of, make_person, make_tenant, now
from tests.statements import statements

FEW, MANY = 200, 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def logged(tenant: Tenant, count: int) -> None:
    """Rows that are a minute apart: three actors, the fourth of each an import, one target for each."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            tenant_id=tenant.tenant_id,
            at=START + n * MINUTE,
            actor=f"key:{n % 3}",
            action="run.create" if n % 4 else "store.put",
            target_type="run" if n % 4 else "store_item",
            target_id=f"t{n}",
        )
        for n in range(count)
    )


def found(tenant: Tenant, **body: object) -> list[str]:
    """Targets of a page."""
    request = AuditSearch.parse(body)
    return [event.target_id for event in search_events(actor=actor_of(tenant, Role.ADMIN), request=request)[: request.limit]]


@pytest.fixture
def log(tenant: Tenant) -> Tenant:
    logged(tenant, 12)
    return tenant


def test_the_newest_come_first(log: Tenant) -> None:
    assert found(log) == [f"t{n}" for n in range(11, 1, -1)]
    assert len(search_events(actor=actor_of(log, Role.ADMIN), request=AuditSearch.parse({}))) == 11  # one more, which says so


@pytest.mark.parametrize(
    ("filters", "targets"),
    [
        ({"actor": "key:1"}, ["t10", "t7", "t4", "t1"]),
        ({"action": "store.put"}, ["t8", "t4", "t0"]),
        ({"target_type": "store_item"}, ["t8", "t4", "t0"]),
        ({"target_id": "t5"}, ["t5"]),
        ({"target_type": "run", "target_id": "t4"}, []),
        ({"actor": "key:1", "action": "store.put"}, ["t4"]),
        ({"actor": "nobody"}, []),
        ({"since": "2026-01-01T00:09:00Z"}, ["t11", "t10", "t9"]),
        ({"until": "2026-01-01T01:02:00+01:00"}, ["t1", "t0"]),
        ({"since": "2026-01-01T00:02:00Z", "until": "2026-01-01T00:04:00Z"}, ["t3", "t2"]),
    ],
)
def test_filters_are_all_met(log: Tenant, filters: dict[str, object], targets: list[str]) -> None:
    assert found(log, **filters) == targets


def test_pages_follow_each_other_without_gap_or_repetition(log: Tenant) -> None:
    seen: list[str] = []
    cursor: dict[str, object] = {}
    for _ in range(4):
        events = search_events(actor=actor_of(log, Role.ADMIN), request=AuditSearch.parse({"limit": 5} | cursor))[:5]
        seen += [event.target_id for event in events]
        cursor = {"before": events[-1].id} if events else cursor
    assert seen == [f"t{n}" for n in range(11, -1, -1)]


def test_rows_of_the_same_moment_are_told_apart(tenant: Tenant) -> None:
    rows = [AuditEvent(tenant_id=tenant.tenant_id, at=START, actor="a", action="b", target_type="c", target_id=f"t{n}") for n in range(5)]
    made = AuditEvent.objects.bulk_create(rows)
    assert found(tenant, limit=2) == ["t4", "t3"]
    assert found(tenant, before=made[3].id) == ["t2", "t1", "t0"]


def test_a_cursor_that_is_none_finds_nothing(log: Tenant) -> None:
    assert found(log, before=0) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.REVIEWER, Role.DEVELOPER])
def test_only_admins_read_the_log(tenant: Tenant, role: Role) -> None:
    with pytest.raises(NotAllowed, match=r"audit\.read"):
        search_events(actor=actor_of(tenant, role), request=AuditSearch.parse({}))


@pytest.mark.parametrize(
    "body", [[], {"limit": 0}, {"limit": 1001}, {"before": -1}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"actors": "x"}]
)
def test_odd_searches_are_refused(body: object) -> None:
    with pytest.raises(Invalid):
        AuditSearch.parse(body)


async def exported(actor: Actor, **body: object) -> list[int]:
    """The sizes of the pages of an export of rows about runs and the store."""
    pages = await in_database(lambda: export_events(actor=actor, request=AuditSearch.parse(body)))
    return [len(page) async for page in pages]


@pytest.mark.parametrize(("size", "pages"), [(4, [4, 4, 1]), (3, [3, 3, 3]), (100, [9])])
async def test_an_export_is_read_in_pages(log: Tenant, monkeypatch: pytest.MonkeyPatch, size: int, pages: list[int]) -> None:
    monkeypatch.setattr(audit, "EXPORT_ROWS", size)
    assert await exported(actor_of(log, Role.ADMIN), target_type="run") == pages


async def test_an_export_breaks_off_when_its_key_is_revoked(log: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "EXPORT_ROWS", 5)
    admin = await in_database(lambda: make_person(log, Role.ADMIN).actor)
    pages = await in_database(lambda: export_events(actor=admin, request=AuditSearch.parse({})))
    assert len(await anext(pages)) == 5
    assert admin.key_id is not None
    await in_database(revoke_key, actor=admin, key_id=admin.key_id, now=now())
    with pytest.raises(NotAuthenticated):
        await anext(pages)


def test_only_admins_export_the_log(tenant: Tenant) -> None:
    with pytest.raises(NotAllowed, match=r"audit\.read"):
        export_events(actor=actor_of(tenant), request=AuditSearch.parse({}))
    assert not AuditEvent.objects.for_tenant(tenant.tenant_id).exists()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Somebody whose tenant has a log, and the id of a row in its middle."""

    actor: Actor
    middle: int
    end: datetime


def crowd(size: int) -> Crowd:
    tenant = make_tenant()
    crowds.log(stack.admin_url(stack.own_database()), tenant.tenant_id, size)
    with acting_for(tenant.tenant_id):
        rows = AuditEvent.objects.for_tenant(tenant.tenant_id)
        middle = rows.order_by("id")[size // 2]
        end = rows.order_by("-at")[0].at
    return Crowd(actor_of(tenant, Role.ADMIN), middle.id, end)


@pytest.fixture(scope="module")
def both(database: None) -> tuple[Crowd, Crowd]:
    """A short log and a long one."""
    return crowd(FEW), crowd(MANY)


FLAT: dict[str, Callable[[Crowd], dict[str, object]]] = {
    "the newest": lambda crowd: {},
    "a page in the middle": lambda crowd: {"before": crowd.middle},
    "somebody": lambda crowd: {"actor": "key:1"},
    "somebody, further on": lambda crowd: {"actor": "key:1", "before": crowd.middle},
    "somebody who did one thing": lambda crowd: {"actor": "key:first"},
    "nobody": lambda crowd: {"actor": "key:nobody"},
    "what is seldom done": lambda crowd: {"action": "key.revoke"},
    "what nobody did": lambda crowd: {"action": "tenant.delete"},
    "a kind of things that are seldom changed": lambda crowd: {"target_type": "api_key"},
    "one thing": lambda crowd: {"target_type": "run", "target_id": "t7"},
    "the last hour": lambda crowd: {"since": (crowd.end - 60 * MINUTE).isoformat()},
    "before a time": lambda crowd: {"until": (crowd.end - 100 * MINUTE).isoformat()},
    "somebody before a time": lambda crowd: {"actor": "key:1", "until": (crowd.end - 100 * MINUTE).isoformat()},
    "after all times": lambda crowd: {"since": (crowd.end + MINUTE).isoformat()},
}


def blocks(crowd: Crowd, body: dict[str, object]) -> int:
    """How many pages of the database a search looks at."""
    request = AuditSearch.parse(body)
    with acting_for(crowd.actor.tenant_id):
        search_events(actor=crowd.actor, request=request)
        with statements() as sent:
            search_events(actor=crowd.actor, request=request)
        (statement,) = sent
        with connection.cursor() as cursor:
            cursor.execute("explain (analyze, buffers, format json) " + statement.partition(";")[2])
            (plan,) = cursor.fetchone()
    top = (orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


@pytest.mark.parametrize("name", FLAT)
def test_a_page_costs_the_same_in_a_long_log(both: tuple[Crowd, Crowd], name: str) -> None:
    short, long = (blocks(crowd, FLAT[name](crowd)) for crowd in both)
    assert long <= short + 11, f"{short} and {long} blocks"
