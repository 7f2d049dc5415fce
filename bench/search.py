"""What searching and counting threads costs with 200 and with 50,000 threads in the tenant, over HTTP, one caller."""

from __future__ import annotations

import http.client
import json
import time
from statistics import median, quantiles
from uuid import UUID

import psycopg
from lgbench.proc import tree_cpu_ns

from tests.crowds import fill

SIZES = (200, 50_000)
METADATA = {
    "metadata: a user": lambda n: {"metadata": {"user": f"u{n % 10}"}},
    "metadata: one thread": lambda n: {"metadata": {"ticket": n % 200}},
    "metadata: what all have": lambda n: {"metadata": {"graph_id": "chat"}},
    "metadata: a tenth": lambda n: {"metadata": {"bucket": n % 10}},
    "metadata: two keys": lambda n: {"metadata": {"bucket": n % 10, "next": (n + 1) % 10}},
    "metadata: a user and what all have": lambda n: {"metadata": {"graph_id": "chat", "user": f"u{n % 10}"}},
    "metadata: nobody": lambda n: {"metadata": {"user": "nobody"}},
}
OTHER = {
    "newest": lambda n: {},
    "by state_updated_at": lambda n: {"sort_by": "state_updated_at"},
    "of a status": lambda n: {"status": "interrupted"},
    "second page": lambda n: {"offset": 100},
}
COUNTS = {
    "count: a user": lambda n: {"metadata": {"user": f"u{n % 10}"}},
    "count: a status": lambda n: {"status": "interrupted"},
    "count: all": lambda n: {},
}
Body = dict[str, object]


class Caller:
    """One connection that is kept."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"X-Api-Key": key, "Content-Type": "application/json"}

    def ms(self, path: str, body: Body) -> float:
        """How long one request takes."""
        begun = time.perf_counter()
        self.connection.request("POST", path, json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200
        return (time.perf_counter() - begun) * 1000


def measure(admin_url: str, port: int, key: str, pids: list[int], requests: int) -> None:
    """Print a line per query: p50 and p95, and CPU of all processes beside that with few threads."""
    with psycopg.connect(admin_url) as admin:
        ((tenant_id,),) = admin.execute("select tenant_id from holdfast.tenant limit 1").fetchall()
    few: dict[str, float] = {}
    made = 0
    for size in SIZES:
        fill(admin_url, UUID(str(tenant_id)), size, made)
        made, caller = size, Caller(port, key)
        for name, body in {**METADATA, **OTHER, **COUNTS}.items():
            path = "/threads/count" if name in COUNTS else "/threads/search"
            for n in range(20):
                caller.ms(path, body(n))
            before = sum(map(tree_cpu_ns, pids))
            times = [caller.ms(path, body(n)) for n in range(requests)]
            cpu = (sum(map(tree_cpu_ns, pids)) - before) / 1e6 / requests
            few.setdefault(name, cpu)
            hold = " (hold 20)" if name in METADATA and size == SIZES[-1] else ""
            ratio = f", {cpu / few[name]:.2f} x that of {SIZES[0]} (hold 1.2)" if size != SIZES[0] else ""
            p95 = quantiles(times, n=20)[-1]
            print(f"{name}, {size} threads: p50 {median(times):.1f} ms, p95 {p95:.1f} ms{hold}, {cpu:.2f} CPU-ms{ratio}", flush=True)
