"""Addresses of websockets."""

from typing import Any

from django.urls import path

from runs.consumers.run_feed import RunFeed

run_feed: Any = RunFeed.as_asgi()  # Django's types know only views
urlpatterns = [path("ws/threads/<str:thread_id>/runs/<str:run_id>", run_feed)]
