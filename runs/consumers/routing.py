"""Addresses of websockets."""

from typing import Any

from django.urls import path

from runs.consumers.review_inbox import ReviewInbox
from runs.consumers.run_feed import RunFeed

run_feed: Any = RunFeed.as_asgi()  # Django's types know only views
review_inbox: Any = ReviewInbox.as_asgi()
urlpatterns = [path("ws/threads/<str:thread_id>/runs/<str:run_id>", run_feed), path("ws/reviews", review_inbox)]
