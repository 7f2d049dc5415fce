"""Graphs as loaded from langgraph.json."""

from django.db import models

from tenants.database.fields import JsonField
from tenants.models import Json


class Graph(models.Model):
    """One revision of a graph (global): immutable, written by whoever first loads it.

    `drawing` has its subgraphs closed, each drawing of `xray` one more level of them opened; `subgraphs` holds their schemas by namespace.
    Both are null in rows from before they were recorded.
    """

    pk = models.CompositePrimaryKey("graph_id", "revision")
    graph_id = models.TextField()
    revision = models.TextField()
    fingerprint = models.TextField()
    description = models.TextField(null=True)
    schemas: "models.Field[Json, Json]" = JsonField(default=dict)
    drawing: "models.Field[Json, Json]" = JsonField(default=dict)
    xray: "models.Field[list[Json] | None, list[Json] | None]" = JsonField(null=True)
    subgraphs: "models.Field[Json | None, Json | None]" = JsonField(null=True)
    error = models.TextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "graph"

    def __str__(self) -> str:
        return f"{self.graph_id}@{self.revision[:8]}"
