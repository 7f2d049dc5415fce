"""Addresses of threads, runs and the server itself."""

from django.urls import path

from runs.api.assistants import AssistantDetail
from runs.api.cancels import RunCancel, RunsCancel
from runs.api.metrics import Metrics
from runs.api.reviews import ReviewAssign, ReviewComments, ReviewDecide, ReviewDetail, ReviewSearchView
from runs.api.runs import RunDetail, ThreadRuns
from runs.api.stateless_runs import RunBatch, StatelessRuns
from runs.api.store import StoreItems, StoreItemSearch, StoreNamespaces
from runs.api.streams import RunJoin, RunJoinStream, RunStream, RunWait, StatelessStream, StatelessWait, ThreadStream, Tickets
from runs.api.system import Docs, Info, Ok, OpenApiDocument, Ready, Root
from runs.api.thread_state import ThreadHistory, ThreadStateAt, ThreadStateCheckpoint, ThreadStateDetail
from runs.api.threads import ThreadCopy, ThreadCount, ThreadDetail, ThreadList, ThreadPrune, ThreadSearchView, ThreadStorage

urlpatterns = [
    path("", Root.as_view()),
    path("ok", Ok.as_view()),
    path("ready", Ready.as_view()),
    path("info", Info.as_view()),
    path("metrics", Metrics.as_view()),
    path("docs", Docs.as_view()),
    path("openapi.json", OpenApiDocument.as_view()),
    path("assistants/<str:assistant_id>", AssistantDetail.as_view()),
    path("threads", ThreadList.as_view()),
    path("threads/search", ThreadSearchView.as_view()),
    path("threads/prune", ThreadPrune.as_view()),
    path("threads/count", ThreadCount.as_view()),
    path("threads/<str:thread_id>", ThreadDetail.as_view()),
    path("threads/<str:thread_id>/copy", ThreadCopy.as_view()),
    path("threads/<str:thread_id>/storage", ThreadStorage.as_view()),
    path("threads/<str:thread_id>/state", ThreadStateDetail.as_view()),
    path("threads/<str:thread_id>/state/checkpoint", ThreadStateCheckpoint.as_view()),
    path("threads/<str:thread_id>/state/<str:checkpoint_id>", ThreadStateAt.as_view()),
    path("threads/<str:thread_id>/history", ThreadHistory.as_view()),
    path("threads/<str:thread_id>/stream", ThreadStream.as_view()),
    path("threads/<str:thread_id>/runs", ThreadRuns.as_view()),
    path("threads/<str:thread_id>/runs/stream", RunStream.as_view()),
    path("threads/<str:thread_id>/runs/wait", RunWait.as_view()),
    path("threads/<str:thread_id>/runs/<str:run_id>", RunDetail.as_view()),
    path("threads/<str:thread_id>/runs/<str:run_id>/cancel", RunCancel.as_view()),
    path("threads/<str:thread_id>/runs/<str:run_id>/join", RunJoin.as_view()),
    path("threads/<str:thread_id>/runs/<str:run_id>/stream", RunJoinStream.as_view()),
    path("runs", StatelessRuns.as_view()),
    path("runs/batch", RunBatch.as_view()),
    path("runs/cancel", RunsCancel.as_view()),
    path("runs/stream", StatelessStream.as_view()),
    path("runs/wait", StatelessWait.as_view()),
    path("reviews/search", ReviewSearchView.as_view()),
    path("reviews/<str:review_id>", ReviewDetail.as_view()),
    path("reviews/<str:review_id>/decide", ReviewDecide.as_view()),
    path("reviews/<str:review_id>/assign", ReviewAssign.as_view()),
    path("reviews/<str:review_id>/comments", ReviewComments.as_view()),
    path("store/items", StoreItems.as_view()),
    path("store/items/search", StoreItemSearch.as_view()),
    path("store/namespaces", StoreNamespaces.as_view()),
    path("tickets", Tickets.as_view()),
]
