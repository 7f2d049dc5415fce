"""`manage.py reindex_store`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from assistants.registry.embedding import load_store
from assistants.registry.manifest import Manifest, ManifestError
from assistants.registry.source import make_importable
from runs.checkpoints.dims import wanted_dims
from runs.checkpoints.store.reindex import reindex
from runs.checkpoints.tables import forget_vectors, set_up
from tenants.database.roles import prefix


class Command(BaseCommand):
    """Make the table of vectors anew and embed all items."""

    help = (
        "Make all vectors of the store anew, as store.index of langgraph.json says: after another 'embed', 'dims' or 'fields'. "
        "Web and workers must be down. Interrupted, it can simply be started again."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            manifest = Manifest.read(settings.GRAPHS_FILE)
            manifest.set_environment()
            make_importable(manifest)
            index = load_store(manifest).index
        except ManifestError as error:
            raise CommandError(str(error)) from error
        if index is None:
            raise CommandError(f"{manifest.path} has no store.index: there is nothing to embed with.")
        if wanted_dims(connections["owner"]) is None:
            raise CommandError("The database has no pgvector: let an administrator run `create extension vector`, then `manage.py setup`.")
        owner = settings.DATABASE_URLS["owner"]
        forget_vectors(owner)
        set_up(owner, prefix(connections["owner"]), index.dims)
        done = 0
        for done in reindex(settings.DATABASE_URLS["system"], index):
            self.stdout.write(f"{done} items")
        self.stdout.write(f"done: {done} items, vectors of {index.dims} numbers")
