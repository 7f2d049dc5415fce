"""What deleting a thread leaves behind"""

from collections.abc import Iterator

import httpx
import pytest
import redis
from django.db import connection

from tenants.models import Tenant
from tests.servers import Stack
from tests.waiting import until

TENANTS_TABLES = """
select table_name from information_schema.columns where table_schema = 'holdfast' and column_name = 'tenant_id' order by table_name"""
KEPT = {"audit_event"}


@pytest.fixture
def keys(product: Stack) -> Iterator[redis.Redis]:
    """The product's Redis."""
    client = redis.Redis.from_url(product.redis_url)
    yield client
    client.close()


def rows_naming(tenant: Tenant, names: list[str]) -> dict[str, int]:
    """How many rows of each table say one of these ids anywhere."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(TENANTS_TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(f"select count(*) from {table} t where tenant_id = %s and t::text like any(%s)", [tenant.tenant_id, names])
            ((found[table],),) = cursor.fetchall()
    return found


def used(web: httpx.Client) -> tuple[str, list[str]]:
    """A thread that has been waited for, streamed, joined, answered, copied from and written to, with its runs."""
    thread = web.post("/threads", json={"metadata": {"topic": "x"}}).json()["thread_id"]
    path = f"/threads/{thread}"
    web.post(f"{path}/runs/stream", json={"assistant_id": "approval", "input": {"request": "r"}, "stream_resumable": True})
    web.post(f"{path}/runs/wait", json={"assistant_id": "approval", "command": {"resume": "yes"}})
    web.post(f"{path}/state", json={"values": {"answers": ["edited"]}})
    web.post(f"{path}/runs/wait", json={"assistant_id": "nested", "input": {"text": "t", "pause": True}})
    slow = web.post(f"{path}/runs", json={"assistant_id": "slow", "input": {"seconds": 30, "steps": 1}, "stream_resumable": True}).json()
    until("it runs", lambda: web.get(f"{path}/runs/{slow['run_id']}").json()["status"] == "running")
    with web.stream("GET", f"{path}/runs/{slow['run_id']}/stream"):
        pass
    return thread, [run["run_id"] for run in web.get(f"{path}/runs?limit=100").json()]


@pytest.mark.parametrize("pruned", [False, True], ids=["delete", "prune"])
def test_no_row_and_no_key_names_a_deleted_thread(web: httpx.Client, tenant: Tenant, keys: redis.Redis, pruned: bool) -> None:
    thread, runs = used(web)
    names = [f"%{name}%" for name in (thread, *runs)]
    before = {table for table, count in rows_naming(tenant, names).items() if count}
    assert before >= {"thread", "thread_metadata", "run", "run_event", "interrupt", "decision", "checkpoints", "checkpoint_blobs"}
    if pruned:
        web.post(f"/threads/{thread}/runs/{runs[0]}/cancel?wait=1")
        assert web.post("/threads/prune", json={"thread_ids": [thread]}).json() == {"pruned_count": 1}
    else:
        assert web.delete(f"/threads/{thread}").status_code == 204
    assert {table: count for table, count in rows_naming(tenant, names).items() if count and table not in KEPT} == {}

    def left() -> list[bytes]:
        return [key for key in keys.scan_iter() if any(name.encode() in key for name in (thread, *runs))]

    until("no key names it", lambda: not left())  # a reader that has just left may have said once more that it listens
    with connection.cursor() as cursor:
        statement = "select distinct coalesce(before, '{}')::text || coalesce(after, '{}')::text from audit_event where tenant_id = %s"
        cursor.execute(statement, [tenant.tenant_id])
        told = " ".join(row[0] for row in cursor.fetchall())
    assert thread in told and "edited" not in told and "yes" not in told
