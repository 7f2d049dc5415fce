"""Tables of tenants, people, keys and the audit log."""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

import tenants.database.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("user_id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.TextField(blank=True, default="")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "user_account",
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey("tenant_id", "key_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("key_id", models.UUIDField(default=uuid.uuid4)),
                ("identity", models.UUIDField(default=uuid.uuid4)),
                ("name", models.TextField()),
                ("prefix", models.TextField()),
                ("last_four", models.TextField()),
                ("hash", models.BinaryField(unique=True)),
                ("role", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("created_by", models.TextField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "api_key",
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey("tenant_id", "id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("id", tenants.database.fields.IdentityKeyField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("actor", models.TextField()),
                ("address", models.TextField(null=True)),
                ("request_id", models.TextField(null=True)),
                ("action", models.TextField()),
                ("target_type", models.TextField()),
                ("target_id", models.TextField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
            ],
            options={
                "db_table": "audit_event",
            },
        ),
        migrations.CreateModel(
            name="Tenant",
            fields=[
                ("tenant_id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=63, unique=True)),
                ("name", models.TextField()),
                ("settings", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("suspended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "tenant",
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                ("tenant_id", models.UUIDField()),
                ("pk", models.CompositePrimaryKey("tenant_id", "user_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("user_id", models.UUIDField()),
                ("role", models.TextField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "db_table": "member",
                "indexes": [models.Index(fields=["user_id"], name="member_user")],
            },
        ),
    ]
