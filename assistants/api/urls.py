"""Addresses of assistants."""

from django.urls import path

from assistants.api.assistants import (
    AssistantCount,
    AssistantDetail,
    AssistantDrawing,
    AssistantLatest,
    AssistantList,
    AssistantSchemas,
    AssistantSearchView,
    AssistantVersions,
)

urlpatterns = [
    path("assistants", AssistantList.as_view()),
    path("assistants/search", AssistantSearchView.as_view()),
    path("assistants/count", AssistantCount.as_view()),
    path("assistants/<str:assistant_id>", AssistantDetail.as_view()),
    path("assistants/<str:assistant_id>/graph", AssistantDrawing.as_view()),
    path("assistants/<str:assistant_id>/schemas", AssistantSchemas.as_view()),
    path("assistants/<str:assistant_id>/versions", AssistantVersions.as_view()),
    path("assistants/<str:assistant_id>/latest", AssistantLatest.as_view()),
]
