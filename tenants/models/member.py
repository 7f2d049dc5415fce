"""People: global users and their membership of tenants."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tenants.models.tenant import TenantOwned, TenantQuerySet


class User(AbstractBaseUser):
    """A person, known by e-mail; global, since one person can be a member of several tenants."""

    user_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    name = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    objects = BaseUserManager["User"]()

    class Meta:
        db_table = "user_account"

    def __str__(self) -> str:
        return self.email


class Member(TenantOwned):
    """A user's role in one tenant."""

    pk = models.CompositePrimaryKey("tenant_id", "user_id")
    user_id = models.UUIDField()
    role = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet["Member"].as_manager()

    class Meta:
        db_table = "member"
        indexes = (models.Index(fields=["user_id"], name="member_user"),)  # before a tenant is known: `memberships_of_1`

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"
