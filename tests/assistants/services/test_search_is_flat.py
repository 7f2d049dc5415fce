"""A page of a search costs what is on it, however many assistants the tenant has."""

import orjson
import pytest
from django.db import connection

from assistants.services.assistants import search_assistants
from assistants.wire import SORTABLE, AssistantSearch
from tenants.actors import Actor
from tenants.database.context import acting_for
from tenants.models import Tenant
from tests import builders
from tests.statements import statements

FEW, MANY = 200, 5000
ON_A_PAGE = 11  # and one more, which says whether there is another; in the order of random ids each lies somewhere else
INSERT = """
insert into assistant (tenant_id, assistant_id, graph_id, name, config, context, metadata, version, created_at, updated_at, deleted_at)
select %s, gen_random_uuid(), case n %% 3 when 0 then 'chat' else 'memory' end, 'Assistant ' || n, '{}', '{}', '{}', 1,
       now() - n * interval '1 s', now() - n * interval '1 s', case when n > %s then now() end
  from generate_series(1, %s * 2) n"""


def populated(rows: int) -> Actor:
    """Somebody whose tenant has so many assistants, and has deleted as many."""
    tenant: Tenant = builders.make_tenant()
    with acting_for(tenant.tenant_id), connection.cursor() as cursor:
        cursor.execute(INSERT, [tenant.tenant_id, rows, rows])
    return builders.actor_of(tenant)


def blocks(actor: Actor, **body: object) -> int:
    """How many pages of the database a search looks at."""
    request = AssistantSearch.parse(body)
    with acting_for(actor.tenant_id):
        search_assistants(actor=actor, request=request)
        with statements() as sent:
            search_assistants(actor=actor, request=request)
        (statement,) = sent
        with connection.cursor() as cursor:
            cursor.execute("explain (analyze, buffers, format json) " + statement.partition(";")[2])
            (found,) = cursor.fetchone()
    plan = (orjson.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture(scope="module")
def tenants(database: None) -> tuple[Actor, Actor]:
    return populated(FEW), populated(MANY)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("key", SORTABLE)
def test_a_page_in_every_order(tenants: tuple[Actor, Actor], key: str, order: str) -> None:
    few, many = (blocks(actor, sort_by=key, sort_order=order) for actor in tenants)
    assert many <= few + ON_A_PAGE


def test_a_page_far_down_is_counted_out_of_an_index(tenants: tuple[Actor, Actor]) -> None:
    assert blocks(tenants[1], offset=4000, select=["assistant_id"]) < MANY / 10


def test_a_page_of_one_graph(tenants: tuple[Actor, Actor]) -> None:
    few, many = (blocks(actor, graph_id="chat") for actor in tenants)
    assert many <= few + ON_A_PAGE
