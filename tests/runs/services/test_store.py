"""Use cases of the store: what they cost, and what the audit says"""

from uuid import uuid4

import pytest
from django.db import transaction
from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime

from assistants.registry.factory import Factory
from assistants.registry.loader import LoadedGraph
from runs.checkpoints.state import Place, read_state
from runs.models import Thread
from runs.services.store import delete_item, get_item, list_namespaces, put_item, search_items
from runs.wire.store import ItemAt, ItemPut, ItemSearch, NamespaceSearch
from tenants.actors import Role
from tenants.exceptions import NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of, make_thread
from tests.runs.engine.office import graph_of, says
from tests.statements import statements

ITEM = {"namespace": ["notes", "ann"], "key": "k", "value": {"secret": "likes blue"}}


def audited(tenant: Tenant) -> list[tuple[str, str]]:
    """Actions of the store and what they were about."""
    return list(
        AuditEvent.objects.for_tenant(tenant.tenant_id).filter(target_type="store_item").order_by("id").values_list("action", "target_id")
    )


def test_each_change_is_audited_without_the_value(tenant: Tenant, owner: Person) -> None:
    put_item(actor=owner.actor, request=ItemPut.parse(ITEM))
    delete_item(actor=owner.actor, at=ItemAt(("notes", "ann"), "k"))
    delete_item(actor=owner.actor, at=ItemAt(("notes", "ann"), "k"))
    assert audited(tenant) == [("store.put", "notes.ann/k"), ("store.delete", "notes.ann/k")]
    assert "blue" not in repr(list(AuditEvent.objects.for_tenant(tenant.tenant_id).values()))


def test_a_reader_changes_nothing(tenant: Tenant, owner: Person) -> None:
    put_item(actor=owner.actor, request=ItemPut.parse(ITEM))
    viewer = actor_of(tenant, Role.OPERATOR)
    with pytest.raises(NotAllowed, match=r"store\.write"):
        put_item(actor=viewer, request=ItemPut.parse(ITEM | {"value": {}}))
    with pytest.raises(NotAllowed, match=r"store\.write"):
        delete_item(actor=viewer, at=ItemAt(("notes", "ann"), "k"))
    found = get_item(actor=viewer, at=ItemAt(("notes", "ann"), "k"))
    assert found is not None and found.value == ITEM["value"]


def test_what_each_use_case_asks_of_the_database(owner: Person) -> None:
    with statements() as put:
        put_item(actor=owner.actor, request=ItemPut.parse(ITEM))
    with statements() as read:
        get_item(actor=owner.actor, at=ItemAt(("notes", "ann"), "k"))
    with statements() as found:
        search_items(actor=owner.actor, request=ItemSearch.parse({"namespace_prefix": ["notes"], "query": "x"}))
    with statements() as listed:
        list_namespaces(actor=owner.actor, request=NamespaceSearch.parse({}))
    with statements() as missing:
        delete_item(actor=owner.actor, at=ItemAt(("notes", uuid4().hex), "k"))
    with statements() as gone:
        delete_item(actor=owner.actor, at=ItemAt(("notes", "ann"), "k"))
    assert [len(each) for each in (put, read, found, listed, missing, gone)] == [2, 1, 1, 1, 1, 2]


def test_a_factory_that_is_called_for_state_has_the_tenant_s_store(tenant: Tenant, owner: Person) -> None:
    put_item(actor=owner.actor, request=ItemPut.parse(ITEM))
    seen: list[object] = []

    async def make(config: RunnableConfig, runtime: ServerRuntime[None]) -> object:
        assert runtime.store is not None
        item = runtime.store.get(("notes", "ann"), "k")
        seen.append(item and item.value)
        await runtime.store.aput(("notes",), "seen", {"n": 1})
        return graph_of(("node", says("x")))

    graph, thread = LoadedGraph("made", None, "r", "f", source=Factory.of(make)), make_thread(tenant)
    with transaction.atomic():
        assert Thread.objects.for_tenant(tenant.tenant_id).filter(thread_id=thread.thread_id).exists()
        read_state(graph, Place(tenant.tenant_id, thread.thread_id))
    assert seen == [ITEM["value"]]
    found = get_item(actor=owner.actor, at=ItemAt(("notes",), "seen"))
    assert found is not None
