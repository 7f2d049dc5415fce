"""The whole web application; imported in the start-up thread, since it brings LangGraph and the graphs."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.db import connection
from django.urls import get_resolver, re_path

from assistants.registry.loader import load
from assistants.services.graphs import record_graphs
from config.handler import OneHopHandler
from config.memory import keep_what_is_loaded
from runs.checkpoints.dims import check_vectors
from runs.consumers.routing import urlpatterns
from runs.streams.hub import hub
from tenants.consumers import Nowhere
from tenants.database.checks import refuse_dangerous_role
from tenants.database.threads import THREADS


def make() -> Any:
    """Check the database role, load graphs, route HTTP and websockets."""
    refuse_dangerous_role(connection)
    graphs = load(settings.GRAPHS_FILE)
    check_vectors(connection, graphs)
    record_graphs(graphs)
    connection.close()
    get_resolver().url_patterns  # noqa: B018 (imports every view now rather than in the first request)
    nowhere: Any = Nowhere.as_asgi()  # Django's types know only views
    keep_what_is_loaded()
    return ProtocolTypeRouter({"http": OneHopHandler(), "websocket": URLRouter([*urlpatterns, re_path("", nowhere)])})


async def close() -> None:
    """End the streams' connection and the kept threads."""
    await hub().stop()
    THREADS.shutdown(wait=False, cancel_futures=True)
