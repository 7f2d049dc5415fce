"""Two owners demote each other at once: one stays, always."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tenants.actors import Role
from tenants.models import AuditEvent, Member, Tenant
from tests import builders

ROUNDS = 10


@pytest.mark.parametrize("way", ["demote", "remove", "one of each"])
def test_one_owner_stays(live: str, tenant: Tenant, way: str) -> None:
    headers = [builders.make_person(tenant, Role.OWNER).headers for _ in range(2)]
    owners = Member.objects.for_tenant(tenant.tenant_id).filter(role="owner")
    with ThreadPoolExecutor(2) as pool, httpx.Client(base_url=live, timeout=30) as http:
        for _ in range(ROUNDS):
            people = [builders.make_member(tenant, Role.OWNER) for _ in range(2 - owners.count())]
            both = [str(user_id) for user_id in owners.values_list("user_id", flat=True)]
            assert people and len(both) == 2
            start = Barrier(2)

            def act(n: int, both: list[str] = both, start: Barrier = start) -> int:
                path = f"/tenant/members/{both[n]}"
                start.wait(10)
                if way == "remove" or (way == "one of each" and n):
                    return http.delete(path, headers=headers[n]).status_code
                return http.patch(path, json={"role": "viewer"}, headers=headers[n]).status_code

            answers = sorted(pool.map(act, range(2)))
            assert answers in ([200, 409], [204, 409])
            assert owners.count() == 1
    changed = AuditEvent.objects.for_tenant(tenant.tenant_id).filter(action__in=("member.update", "member.remove"), before__isnull=False)
    assert changed.count() == ROUNDS
