"""Columns of our own."""

from django.db import models


class IdentityField(models.BigIntegerField[int, int]):
    """`bigint generated always as identity`: never written, read back by the insert; its SQL is in our backend's schema editor."""

    generated = True
    db_returning = True
