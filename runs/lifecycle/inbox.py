"""Telling the inboxes of a tenant that its review items have changed."""

from functools import partial
from uuid import UUID

from django.db import transaction

from runs.streams.publish import publish_inbox


def tell_inbox_on_commit(tenant_id: UUID) -> None:
    """After the commit; who is not reached finds it in the rows."""
    transaction.on_commit(partial(publish_inbox, tenant_id), robust=True)
