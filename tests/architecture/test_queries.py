"""Outside the engine every query of a tenant's rows starts with its tenant"""

import ast
from collections.abc import Iterator

import pytest
from django.apps import apps

from tenants.models import TenantOwned
from tests.architecture.sources import APPS, is_migration, name, python_files, tree

SCOPED = {"for_tenant", "visible_to"}
INSERTS = {"create", "bulk_create"}
# The sweeps work for all tenants, as the system role.
EXEMPT = ("runs/engine/",)


def owned_models() -> set[str]:
    """Names of the models whose rows belong to tenants."""
    return {model.__name__ for model in apps.get_models() if issubclass(model, TenantOwned)}


def unscoped(code: ast.Module, models: set[str]) -> Iterator[str]:
    """Each `Model.objects.<first method>` that does not say whose rows it means."""
    parents = {child: node for node in ast.walk(code) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(code):
        if not (isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager", "_base_manager")):
            continue
        if not (isinstance(node.value, ast.Name) and node.value.id in models):
            continue
        method = parents[node]
        first = method.attr if isinstance(method, ast.Attribute) else "?"
        call = parents.get(method)
        if not (first in SCOPED or (first in INSERTS and isinstance(call, ast.Call) and says_tenant(call, first))):
            yield f"{node.lineno} {node.value.id}.objects.{first}"


def says_tenant(call: ast.Call, method: str) -> bool:
    """An insert names its tenant; objects of a bulk insert were made with theirs, and the policy's check refuses others."""
    return method == "bulk_create" or any(keyword.arg == "tenant_id" for keyword in call.keywords)


def test_every_query_starts_with_its_tenant() -> None:
    models = owned_models()
    files = [file for file in python_files(*APPS) if not name(file).startswith(EXEMPT) and not is_migration(file)]
    assert [f"{name(file)}:{found}" for file in files for found in unscoped(tree(file), models)] == []


@pytest.mark.parametrize(
    ("code", "violations"),
    [
        ("Thread.objects.filter(a=1)", 1),
        ("Thread.objects.create(a=1)", 1),
        ("list(Thread.objects)", 1),
        ("Thread.objects.for_tenant(t).get()", 0),
        ("Thread.objects.create(tenant_id=t)", 0),
        ("Graph.objects.all()", 0),
    ],
)
def test_the_rule_sees_violations(code: str, violations: int) -> None:
    assert len(list(unscoped(ast.parse(code), {"Thread"}))) == violations


def test_there_are_models_to_watch() -> None:
    assert {"Thread", "Run", "Interrupt", "Assistant", "ApiKey"} <= owned_models()
