"""Use cases of the store: the items that graphs see, too."""

from django.db import transaction

from assistants.registry.loader import registry
from runs.checkpoints.store.service_store import ServiceStore, StoredItem, StoredSearchItem
from runs.wire.store import ItemAt, ItemPut, ItemSearch, NamespaceSearch
from tenants.actors import Actor
from tenants.policy import Permission, require
from tenants.services import audit


def put_item(*, actor: Actor, request: ItemPut) -> None:
    """Write an item, replacing what is there. Its texts are embedded before the transaction. The audit names it, not its value."""
    require(actor, Permission.STORE_WRITE)
    put = _store(actor).prepared_put(request.namespace, request.key, request.value, index=request.index, ttl=request.ttl)
    with transaction.atomic():
        put.execute()
        audit.record(actor, "store.put", "store_item", _name(request.namespace, request.key))


def get_item(*, actor: Actor, at: ItemAt) -> StoredItem | None:
    """The item, None where there is none; prolongs its life if that is wanted."""
    require(actor, Permission.STORE_READ)
    return _store(actor).get(at.namespace, at.key, refresh_ttl=at.refresh_ttl)


@transaction.atomic
def delete_item(*, actor: Actor, at: ItemAt) -> None:
    """Remove the item if there is one; only then the audit has a row."""
    require(actor, Permission.STORE_WRITE)
    if _store(actor).remove(at.namespace, at.key):
        audit.record(actor, "store.delete", "store_item", _name(at.namespace, at.key))


def search_items(*, actor: Actor, request: ItemSearch) -> list[StoredSearchItem]:
    """A page of the items of a namespace and below: by meaning where `query` and an index exist, else in the order of their making.

    Raises BadRequest for a filter that cannot be understood.
    """
    require(actor, Permission.STORE_READ)
    return _store(actor).search(
        request.prefix,
        query=request.query,
        filter=request.filter,
        limit=request.limit,
        offset=request.offset,
        refresh_ttl=request.refresh_ttl,
    )


def list_namespaces(*, actor: Actor, request: NamespaceSearch) -> list[tuple[str, ...]]:
    """A page of the namespaces that have items, sorted."""
    require(actor, Permission.STORE_READ)
    return _store(actor).list_namespaces(
        prefix=request.prefix, suffix=request.suffix, max_depth=request.max_depth, limit=request.limit, offset=request.offset
    )


def _store(actor: Actor) -> ServiceStore:
    return ServiceStore(actor.tenant_id, registry().store)


def _name(namespace: tuple[str, ...], key: str) -> str:
    return f"{'.'.join(namespace)}/{key}"
