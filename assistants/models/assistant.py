"""Assistants and their versions."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from tenants.database.fields import JsonField
from tenants.models import Json, TenantOwned, TenantQuerySet

ALIVE = Q(deleted_at=None)


class AssistantQuerySet(TenantQuerySet["Assistant"]):
    """Adjectives of assistants."""

    def alive(self) -> "AssistantQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)


class Assistant(TenantOwned):
    """A graph with configuration, as on the wire. `version` points to one of its immutable versions, whose content is repeated here.

    Deleted softly: runs keep their reference, and a deleted built-in stays deleted.
    """

    pk = models.CompositePrimaryKey("tenant_id", "assistant_id")
    assistant_id = models.UUIDField(default=uuid.uuid4)
    graph_id = models.TextField()
    name = models.TextField()
    description = models.TextField(null=True)
    config: "models.Field[Json, Json]" = JsonField(default=dict)
    context: "models.Field[Json, Json]" = JsonField(default=dict)
    metadata: "models.Field[Json, Json]" = JsonField(default=dict)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)

    objects = AssistantQuerySet.as_manager()

    class Meta:
        db_table = "assistant"
        indexes = (
            # One for each order of a search, without the deleted ones, of which a tenant may have many more.
            models.Index(fields=["tenant_id", "-created_at", "assistant_id"], condition=ALIVE, name="assistant_created"),
            models.Index(fields=["tenant_id", "-updated_at", "assistant_id"], condition=ALIVE, name="assistant_updated"),
            models.Index(fields=["tenant_id", "graph_id", "-created_at", "assistant_id"], condition=ALIVE, name="assistant_graph"),
            models.Index(fields=["tenant_id", "assistant_id"], condition=ALIVE, name="assistant_alive"),
            models.Index(F("tenant_id"), Lower("name").desc(), F("assistant_id"), condition=ALIVE, name="assistant_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class AssistantVersion(TenantOwned):
    """One immutable version."""

    pk = models.CompositePrimaryKey("tenant_id", "assistant_id", "version")
    assistant_id = models.UUIDField()
    version = models.IntegerField()
    graph_id = models.TextField()
    name = models.TextField()
    description = models.TextField(null=True)
    config: "models.Field[Json, Json]" = JsonField(default=dict)
    context: "models.Field[Json, Json]" = JsonField(default=dict)
    metadata: "models.Field[Json, Json]" = JsonField(default=dict)
    author = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    objects = TenantQuerySet["AssistantVersion"].as_manager()

    class Meta:
        db_table = "assistant_version"

    def __str__(self) -> str:
        return f"{self.assistant_id} v{self.version}"
