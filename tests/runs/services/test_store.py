"""Use cases of the store: what they cost, and what the audit says"""

from uuid import uuid4

import pytest

from runs.services.store import delete_item, get_item, list_namespaces, put_item, search_items
from runs.wire.store import ItemAt, ItemPut, ItemSearch, NamespaceSearch
from tenants.actors import Role
from tenants.exceptions import NotAllowed
from tenants.models import AuditEvent, Tenant
from tests.builders import Person, actor_of
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
