"""What people say about a review item among themselves."""

import uuid

from django.db import models
from django.db.models.functions import Now

from tenants.models import TenantOwned, TenantQuerySet


class ReviewComment(TenantOwned):
    """One remark, never shown to the graph; it goes when its thread goes."""

    pk = models.CompositePrimaryKey("tenant_id", "comment_id")
    comment_id = models.UUIDField(default=uuid.uuid4)
    review_id = models.UUIDField()
    author = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    objects = TenantQuerySet["ReviewComment"].as_manager()

    class Meta:
        db_table = "review_comment"
        indexes = (models.Index(fields=["tenant_id", "review_id", "created_at"], name="review_comment_item"),)

    def __str__(self) -> str:
        return f"{self.author} on {self.review_id}"
