"""Columns of our own."""

from typing import Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler


class IdentityField(models.BigIntegerField[int, int]):
    """`bigint generated always as identity`: never written, read back by the insert; its SQL is in our backend's schema editor."""

    generated = True
    db_returning = True


class JsonField(models.JSONField):
    """jsonb whose numbers beyond 64 bits are read as floats, which they were when they came: jsonb keeps `1e300` as 301 digits.

    As integers they could be written to nobody any more.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Read by orjson."""
        return None if value is None else orjson.loads(value)

    def deconstruct(self) -> Any:
        """For migrations it is Django's: the column is the same."""
        name, _, arguments, keywords = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, keywords


class DefaultKeyword(Expression):
    """`DEFAULT` in an insert's values."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        """No parameters."""
        return "DEFAULT", ()


class IdentityKeyField(models.BigIntegerField[int, int]):
    """The same in a composite primary key, where Django admits no generated field: the insert says DEFAULT, no update writes a key."""

    db_returning = True

    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str:
        """Behind the column's type."""
        return "generated always as identity"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Left to the database."""
        return DefaultKeyword(output_field=self) if add else super().pre_save(model_instance, add)
