"""Built-in assistants: one per graph, the same ids in every tenant."""

from uuid import UUID, uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from assistants.models import Assistant, AssistantVersion
from assistants.services import assistants
from assistants.services.assistants import EnsuredTenants, ensure_builtins, get_assistant, resolve_id
from assistants.wire import assistant_json
from tenants.exceptions import Invalid
from tenants.models import Tenant
from tests.builders import GRAPHS, Person

CHAT = UUID("eb6db400-e3c8-5d06-a834-015cb89efe69")


def test_a_builtin_looks_as_recorded(owner: Person) -> None:
    row = assistant_json(get_assistant(actor=owner.actor, assistant_id=CHAT))
    assert {key: value for key, value in row.items() if key not in ("created_at", "updated_at")} == {
        "assistant_id": str(CHAT),
        "graph_id": "chat",
        "config": {},
        "context": {},
        "metadata": {"created_by": "system"},
        "name": "chat",
        "version": 1,
        "description": "Chat agent with two tools",
    }


def test_names_of_graphs_are_ids_of_builtins() -> None:
    assert resolve_id("chat") == resolve_id(str(CHAT)) == CHAT
    other = uuid4()
    assert resolve_id(str(other)) == other
    with pytest.raises(Invalid, match="Invalid assistant ID: must be a UUID"):
        resolve_id("unknown-name")


def test_one_statement_once_per_process(tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        ensure_builtins(tenant.tenant_id)
        ensure_builtins(tenant.tenant_id)


def test_another_process_adds_nothing(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_builtins(tenant.tenant_id)
    monkeypatch.setattr(assistants, "ensured", EnsuredTenants())
    ensure_builtins(tenant.tenant_id)
    assert Assistant.objects.for_tenant(tenant.tenant_id).count() == len(GRAPHS)
    versions = AssistantVersion.objects.for_tenant(tenant.tenant_id)
    assert {(row.version, row.author) for row in versions} == {(1, "system")} and len(versions) == len(GRAPHS)


def test_a_transaction_that_rolls_back_is_not_remembered(tenant: Tenant) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ensure_builtins(tenant.tenant_id)
        raise ZeroDivisionError
    ensure_builtins(tenant.tenant_id)
    assert Assistant.objects.for_tenant(tenant.tenant_id).count() == len(GRAPHS)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistants, "REMEMBERED_TENANTS", 2)
    remembered = EnsuredTenants()
    for _ in range(5):
        remembered.remember((uuid4(), ("g",)))
    assert len(remembered.known) == 1
