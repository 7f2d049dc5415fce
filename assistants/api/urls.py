"""Addresses of assistants; that of one assistant is in `runs`, where its threads are."""

from django.urls import path

from assistants.api.assistants import (
    AssistantCount,
    AssistantDrawing,
    AssistantLatest,
    AssistantList,
    AssistantSchemas,
    AssistantSearchView,
    AssistantSubgraph,
    AssistantSubgraphs,
    AssistantVersions,
)

urlpatterns = [
    path("assistants", AssistantList.as_view()),
    path("assistants/search", AssistantSearchView.as_view()),
    path("assistants/count", AssistantCount.as_view()),
    path("assistants/<str:assistant_id>/graph", AssistantDrawing.as_view()),
    path("assistants/<str:assistant_id>/schemas", AssistantSchemas.as_view()),
    path("assistants/<str:assistant_id>/subgraphs", AssistantSubgraphs.as_view()),
    path("assistants/<str:assistant_id>/subgraphs/<str:namespace>", AssistantSubgraph.as_view()),
    path("assistants/<str:assistant_id>/versions", AssistantVersions.as_view()),
    path("assistants/<str:assistant_id>/latest", AssistantLatest.as_view()),
]
